import type { Hits } from './hits.ts'
import { ibanEnd } from './iban.ts'
import { bareCnpjEnd, CardReader, cpfEnd, markedCnpjStart, mayBegin } from './id-numbers.ts'
import { ipv4End } from './ip-addresses.ts'
import { PRESET } from './presets.ts'
import { alnumEnd, digitsEnd, isAlnum, isDigit, isUpper, type SearchedText } from './searched-text.ts'

/** Everything that is found by a digit. It is asked once per run of digits, or per word that has one. */
export class NumberFinder {
  readonly #hits: Hits
  /** Bits of presets. */
  readonly #enabled: number
  readonly #cards = new CardReader()

  constructor(hits: Hits, enabled: number) {
    this.#hits = hits
    this.#enabled = enabled
  }

  /** Adds what the digit at `at` begins, or is the first digit of; returns the position to go on at. */
  look(text: SearchedText, at: number): number {
    const end = digitsEnd(text, at + 1)
    const isInWord = !text.startsWord(at)
    if (isInWord && isUpper(text.at(at - 1)) && this.#has(PRESET.iban)) {
      const iban = ibanEnd(text, at - 2)
      if (iban > 0) return this.#take(at - 2, iban, PRESET.iban)
    }
    if (isInWord || isAlnum(text.at(end))) {
      const wordEnd = alnumEnd(text, end)
      return this.#lookAtCompany(text, wordEnd - 14, wordEnd)
    }
    return this.#lookAtNumber(text, at, end)
  }

  /** [at, end) are digits, and a word of their own. */
  #lookAtNumber(text: SearchedText, at: number, end: number): number {
    const length = end - at
    const after = text.at(end)
    if (length === 2 && text.at(at - 1) === 0x2d && this.#has(PRESET.cnpj)) {
      const start = markedCnpjStart(text, end)
      if (start >= 0) this.#hits.add(start, end, PRESET.cnpj)
    }
    if (length <= 3 && after === 0x2e) {
      if (this.#has(PRESET.ipv4)) {
        const address = ipv4End(text, at)
        if (address > 0) return this.#take(at, address, PRESET.ipv4)
      }
      if (length === 3) return this.#lookAtPerson(text, at, end)
      return end
    }
    if (length < 4 || !mayBegin(text, at)) return end
    if (this.#has(PRESET.creditCard) && (length >= 13 || length === 4 || length === 6)) {
      const card = this.#cards.end(text, at)
      if (card > end) return this.#take(at, card, PRESET.creditCard)
      if (card > 0) this.#hits.add(at, card, PRESET.creditCard)
    }
    if (length === 14) return this.#lookAtCompany(text, at, end)
    return length === 11 || length === 9 ? this.#lookAtPerson(text, at, end) : end
  }

  #lookAtPerson(text: SearchedText, at: number, end: number): number {
    if (!this.#has(PRESET.cpf) || !mayBegin(text, at)) return end
    const person = cpfEnd(text, at)
    if (person > 0) this.#hits.add(at, person, PRESET.cpf)
    return Math.max(end, person)
  }

  #lookAtCompany(text: SearchedText, at: number, end: number): number {
    if (this.#has(PRESET.cnpj) && at >= text.start && mayBegin(text, at) && isDigit(text.at(end - 1))) {
      if (bareCnpjEnd(text, at) === end) this.#hits.add(at, end, PRESET.cnpj)
    }
    return end
  }

  #has(preset: number): boolean {
    return ((this.#enabled >> preset) & 1) !== 0
  }

  #take(start: number, end: number, preset: number): number {
    this.#hits.add(start, end, preset)
    return end
  }
}
