import t from 'tap'
import { redactText } from './redact-harness.ts'

/** Before → after, by what is shown. */
const FOUND: readonly (readonly [string, string])[] = [
  // email
  ['mail from ada@example.com.', 'mail from [email].'],
  ['<ada.b+c_d@mail.example.co.uk>', '<[email]>'],
  ["o'brien@example.com 'x@y.org'", "[email] '[email]'"],
  ['josé@example.com, foo@müller.de', '[email], [email]'],
  ['邮箱foo@bar.com失败', '邮箱[email]失败'],
  ['?q=ada%40example.com&x=1', '?q=[email]&x=1'],
  ['git@github.com:org/repo.git', '[email]:org/repo.git'],
  ['ada@example.com-2 b@x.org-----', '[email]-2 [email]-----'],
  ['ada@example.com.123', '[email].123'],
  // credit_card
  ['card 4111111111111111 declined', 'card [credit_card] declined'],
  ['4111 1111 1111 1111', '[credit_card]'],
  ['4111-1111-1111-1111 123', '[credit_card] 123'],
  ['amex 3782 822463 10005', 'amex [credit_card]'],
  ['5555555555554444,6011111111111117;3530111333300000', '[credit_card],[credit_card];[credit_card]'],
  ['30569309025904 2223003122003222', '[credit_card] [credit_card]'],
  ['1234 4111 1111 1111 1111', '1234 [credit_card]'],
  // iban
  ['to DE89 3704 0044 0532 0130 00, thanks', 'to [iban], thanks'],
  ['GB82WEST12345698765432', '[iban]'],
  ['BR1800360305000010009795493C1', '[iban]'],
  ['FR14 2004 1010 0505 0001 3M02 606', '[iban]'],
  // ipv4
  ['10.0.0.1:8080 -> 192.168.1.255/24', '[ipv4]:8080 -> [ipv4]/24'],
  ['db/10.0.0.5:5432 and 1.2.3.4.', 'db/[ipv4]:5432 and [ipv4].'],
  ['range 10.0.0.1-10.0.0.9', 'range [ipv4]-[ipv4]'],
  // ipv6
  ['[2001:db8::1]:443', '[[ipv6]]:443'],
  ['::1 fe80::1%eth0 ::ffff:192.168.1.1', '[ipv6] [ipv6]%eth0 [ipv6]'],
  ['2001:0db8:85a3:0000:0000:8a2e:0370:7334', '[ipv6]'],
  ['64:ff9b::192.0.2.33 1:2:3:4:5:6:7:8', '[ipv6] [ipv6]'],
  ['from 2001:db8::: refused', 'from [ipv6]: refused'],
  ['from 2001:db8::1: refused', 'from [ipv6]: refused'],
  ['1:2:3:4:5:6:10.0.0.1 2001:db8::', '[ipv6] [ipv6]'],
  // jwt
  ['x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl y', 'x [jwt] y'],
  ['eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.', '[jwt]'],
  ['id_eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0', 'id_[jwt]'],
  ['eyJhbGciOiJSU0EifQ.a-b.c_d.e.f', '[jwt]'],
  // bearer
  ['Authorization: Bearer abc.DEF-123', 'Authorization: Bearer [bearer]'],
  ['bearer 6f1e8a90', 'bearer [bearer]'],
  ['Basic dXNlcjpwYXNzd29yZA==', 'Basic [bearer]'],
  ['authorization=Digest username="a", response="b"', 'authorization=Digest [bearer]'],
  ['Authorization: Token abcdef', 'Authorization: Token [bearer]'],
  ['{"Authorization":"Negotiate YII="}', '{"Authorization":"Negotiate [bearer]"}'],
  // aws_key
  ['key AKIAIOSFODNN7EXAMPLE', 'key [aws_key]'],
  ['ASIAIOSFODNN7EXAMPLE', '[aws_key]'],
  ['aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'aws_secret_access_key = [aws_key]'],
  ['AWS_SECRET_KEY="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"', 'AWS_SECRET_KEY="[aws_key]"'],
  // gcp_key
  ['?key=AIzaSyA1234567890abcdefghijklmnopqrstuv', '?key=[gcp_key]'],
  ['"private_key_id": "0123456789abcdef0123456789abcdef01234567"', '"private_key_id": "[gcp_key]"'],
  // github_token
  ['ghp_0123456789abcdefghijABCDEFGHIJ012345', '[github_token]'],
  ['x=github_pat_11ABCDEFG0abcdefghijkl_0123456789', 'x=[github_token]'],
  // slack_token
  ['xoxb-123456789012-abcdefABCDEF', '[slack_token]'],
  ['xapp-1-A012-345-abcdef', '[slack_token]'],
  [
    'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXX ok',
    'https://hooks.slack.com/services/[slack_token] ok',
  ],
  // url_password
  ['postgres://app:s3cr3t@db.example.com:5432/x', 'postgres://app:[url_password]@db.example.com:5432/x'],
  ['redis://:p@ss:word@h/0', 'redis://:[url_password]@h/0'],
  ['ftp://u:pa/ss@h', 'ftp://u:[url_password]@h'],
  // password
  ['password=hunter2', 'password=[password]'],
  ['login password: hunter2, user: bob', 'login password: [password], user: bob'],
  ['{"user":"a","password":"x\\"y z","n":1}', '{"user":"a","password":"[password]","n":1}'],
  ['{\\"password\\":\\"abc\\",\\"n\\":1}', '{\\"password\\":\\"[password]\\",\\"n\\":1}'],
  ["{'passwd': 'a b', 'x': 1}", "{'passwd': '[password]', 'x': 1}"],
  [':password=>"x y", :a=>1', ':password=>"[password]", :a=>1'],
  ['GET /x?access_token=abc&b=2', 'GET /x?access_token=[password]&b=2'],
  ['user[password]=abc&x=1', 'user[password]=[password]&x=1'],
  [
    'DB_PASSWORD=abc client-secret=d apiKey:e X-Api-Key: f',
    'DB_PASSWORD=[password] client-secret=[password] apiKey:[password] X-Api-Key: [password]',
  ],
  ['token: Some("a b")', 'token: [password]'],
  ['pwd=a;secret=b;', 'pwd=[password];secret=[password];'],
  ['"secret": {"a": 1, "b": [2]}, "c": 3', '"secret": [password], "c": 3'],
  ['password="cut off here', 'password="[password]'],
  ['q=password%3Dabc', 'q=password%3D[password]'],
  // private_key
  ['a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b', 'a [private_key] b'],
  ['-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----\\n', '[private_key]\\n'],
  ['x -----BEGIN EC PRIVATE KEY-----\nMII', 'x [private_key]'],
  // cpf, cnpj
  ['529.982.247-25 52998224725', '[cpf] [cpf]'],
  ['11.222.333/0001-81 11222333000181', '[cnpj] [cnpj]'],
  ['12.ABC.345/01DE-35 12ABC34501DE35', '[cnpj] [cnpj]'],
  // overlaps
  ['4111111111111111@example.com', '[email]'],
  ['password=ada@example.com', 'password=[email]'],
  ['token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'token=[jwt]'],
  [
    'postgres://u:pw@host.example.com/x?password=z',
    'postgres://u:[url_password]@host.example.com/x?password=[password]',
  ],
]

t.test('a preset finds its secrets and nothing beside them', async (t) => {
  for (const [before, after] of FOUND) t.equal(redactText(before), after, before)
})

const KEPT = [
  '550e8400-e29b-41d4-a716-446655440000 6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  'trace 4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 commit da39a3ee5e6b4b0d3255bfef95601890afd80709',
  'v1.2.3.4 1.2.3 1.2.3.4.5 256.1.1.1 2.10.0-beta.1 1.3.6.1.4.1.311',
  'Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0',
  '2026-03-01T12:34:56.789Z 12:34:56 01/Mar/2026:12:00:00 +0000 1736928000000 1736928000000000000',
  'order 4111111111111112 ref 1234567890123456 52998224726 11222333000182 11111111111',
  '00:1a:2b:3c:4d:5e 00:11:22:33:44:55:66:77 std::string db::add a::b ::',
  '/var/log/app.log C:\\Temp\\x.txt localhost:8080 took 12.5ms 0.4111111111111111',
  'getty@tty1.service logo@2x.png lodash@4.17.21 image@sha256:abc Object@1b2c3d',
  'bearer authentication failed, basic auth, Bearer realm="x", Bearer error="invalid_token"',
  'passwords: 3 tokens=512 token_type=x secretName=y max_tokens: 9 PWD=/root /etc/passwd: denied',
  'password: null token=false secret: **** Token::new password= token:',
  'http://host:8080/a@b https://example.com/a:b@c http://user@host http://[::]:80/a@b',
  'ghp_short xoxb-1 AKIASHORT AIzaShort eyJhbGciOiJIUzI1NiJ9 proxy next book',
  '-----BEGIN CERTIFICATE----- MII -----END CERTIFICATE-----',
  'DE89370400440532013001 GB82 WEST XX1234567890',
]

t.test('what only looks like a secret stays', async (t) => {
  for (const text of KEPT) t.equal(redactText(text), text)
})

t.test('a mask is not matched again', async (t) => {
  for (const mode of ['mask', 'hash'] as const) {
    const config = { presets: ['email', 'credit_card'], patterns: [], mode, key: 'k' } as const
    t.match(
      redactText('a ada@example.com b', config),
      mode === 'mask' ? /^a \[email\] b$/ : /^a \[email:[0-9a-f]{12}\] b$/,
    )
  }
  const again = [
    'https://[aws_key:0123456789ab]@host',
    '[slack_token]: x',
    '[my_token:0123456789ab]',
    'Bearer [bearer:0123456789ab]',
  ]
  for (const text of again) t.equal(redactText(text), text)
  for (const [, after] of FOUND) t.equal(redactText(after), after)
})
