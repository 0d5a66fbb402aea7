/** What an operator is told about a slip in YAML. The parser's own words may quote the text, and so a secret. */
interface SyntaxMessage {
  readonly message: string
  readonly hint?: string
}

const TEXTS: Readonly<Record<string, SyntaxMessage>> = {
  ALIAS_PROPS: { message: 'an alias (*name) cannot have a tag or an anchor' },
  BAD_ALIAS: { message: 'expected a name after * or &', hint: 'quote the text when it is one' },
  BAD_COLLECTION_TYPE: { message: 'expected no tag (!)', hint: 'quote the text when it is one' },
  BAD_DIRECTIVE: { message: 'the directive (%) is not understood', hint: 'remove it' },
  BAD_DQ_ESCAPE: { message: 'the backslash escape is not known', hint: "write \\\\, or put '…' around the text" },
  BAD_INDENT: { message: 'the indentation does not fit the lines above' },
  BAD_PROP_ORDER: { message: 'a tag or an anchor stands in the wrong place' },
  BAD_SCALAR_START: { message: 'a text cannot begin with this character', hint: 'put quotes around the text' },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second key: on one line',
    hint: 'begin a new line, or put quotes around the text',
  },
  BLOCK_IN_FLOW: { message: 'indented lines cannot stand inside { } or [ ]' },
  KEY_OVER_1024_CHARS: { message: 'the key is too long' },
  MISSING_CHAR: { message: 'something is missing: a colon after a key, a comma, or a closing quote or bracket' },
  MULTILINE_IMPLICIT_KEY: {
    message: 'expected a key on one line',
    hint: 'a space is due after the colon of the line above, or quotes around a text',
  },
  MULTIPLE_ANCHORS: { message: 'a value can have one anchor (&name)' },
  MULTIPLE_DOCS: { message: 'expected one document', hint: 'remove the line ---, or put the rest into conf.d' },
  MULTIPLE_TAGS: { message: 'expected no tag (!)' },
  RESOURCE_EXHAUSTION: { message: 'it is nested too deeply' },
  TAB_AS_INDENT: { message: 'a tab stands in the indentation', hint: 'YAML is indented by spaces' },
  TAG_RESOLVE_FAILED: { message: 'expected no tag (!)', hint: 'quote the text when it is one' },
  UNEXPECTED_TOKEN: { message: 'something stands here that YAML does not expect', hint: 'put quotes around a text' },
}

/** For the parser's error `code` at `offset` of `text`. */
export function syntaxMessage(code: string, text: string, offset: number): SyntaxMessage {
  const start = text.lastIndexOf('\n', Math.max(0, offset - 1)) + 1
  const end = text.indexOf('\n', start)
  const line = text.slice(start, end === -1 ? undefined : end)
  if (/^ *\t/.test(line)) return TEXTS.TAB_AS_INDENT ?? { message: code }
  if (offset >= text.trimEnd().length) return { message: 'the file ends inside a quote, a bracket or a block' }
  const known = TEXTS[code] ?? { message: `the YAML is broken (${code})` }
  // `{ token: ${TOKEN} }`: the braces of the variable end the map.
  if (/[[{].*\$\{/.test(line)) return { ...known, hint: `inside { } and [ ] put quotes around \${VAR}` }
  return known
}
