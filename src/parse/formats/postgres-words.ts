/**
 * The words before the two blanks of a line of PostgreSQL's log (elog.c), onto levels. They are written in the language of
 * `lc_messages`; these are the translations of version 15 and, for Portuguese, 12.
 */
import { ByteTable } from '../byte-table.ts'

/** By level: DEBUG, INFO, WARNING, ERROR, CRITICAL. The words that go with another record say nothing of its level. */
const WORDS: readonly string[] = [
  'DEBUG DEBUG1 DEBUG2 DEBUG3 DEBUG4 DEBUG5 ОТЛАДКА',
  'LOG INFO NOTICE DETAIL HINT CONTEXT STATEMENT QUERY LOCATION BACKTRACE ' +
    'HINWEIS TIPP ZUSAMMENHANG ANWEISUNG ANFRAGE ORT ' +
    'DÉTAIL ASTUCE CONTEXTE INSTRUCTION REQUÊTE EMPLACEMENT ' +
    'DETALLE CONTEXTO SENTENCIA CONSULTA UBICACIÓN SUGERENCIA ' +
    'NOTA DETALHE DICA COMANDO CONSULTA LOCALIZAÇÃO ' +
    'NOTIFICA DETTAGLI SUGGERIMENTO CONTESTO ISTRUZIONE POSIZIONE ' +
    'СООБЩЕНИЕ ИНФОРМАЦИЯ ЗАМЕЧАНИЕ ПОДРОБНОСТИ ПОДСКАЗКА КОНТЕКСТ ОПЕРАТОР ЗАПРОС ПОЛОЖЕНИЕ',
  'WARNING WARNUNG ATTENTION ADVERTENCIA AVISO ATTENZIONE ПРЕДУПРЕЖДЕНИЕ',
  'ERROR FEHLER ERREUR ERRO ERRORE ОШИБКА',
  'FATAL PANIC PANIK FATALE PÁNICO PÂNICO PANICO ВАЖНО ПАНИКА',
]

const levels: number[] = []
const table = new ByteTable(128)
for (const [level, words] of WORDS.entries()) {
  for (const word of words.split(' ')) {
    const bytes = Buffer.from(word)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    if (table.find(view, 0, bytes.length) >= 0) continue
    levels[table.add(view, 0, bytes.length)] = level
  }
}

/** Bytes of the longest word. */
export const MAX_WORD_BYTES = 32

/** The level of the severity in bytes [start, end), or −1 when it is none. */
export function levelOfSeverityWord(view: DataView, start: number, end: number): number {
  if (end - start < 3 || end - start > MAX_WORD_BYTES) return -1
  const id = table.find(view, start, end)
  return id < 0 ? -1 : (levels[id] ?? -1)
}
