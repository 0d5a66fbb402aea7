import t from 'tap'
import { createJsonParser } from '../../src/parse/json.ts'
import { goldens } from './goldens.ts'

goldens(t, 'json', createJsonParser)
