// Boots a real local AT Protocol network on loopback: PLC directory (@did-plc/server)
// + N reference PDS (@atproto/pds). Prints ONE line of JSON on stdout when ready, then
// keeps running until SIGTERM/SIGINT (or stdin EOF with --exit-on-stdin-eof).
//
//   node run.mjs [--pds N] [--plc-port P] [--pds-port P] [--data DIR] [--keep]
//                [--exit-on-stdin-eof] [--legacy-did-doc] [--relay [--relay-port P]]
//
// @did-plc/server@0.0.1 (the only version on npm) is from 2023: it still emits DID documents with
// "#atproto" / EcdsaSecp256k1VerificationKey2019. Unless --legacy-did-doc is given we serve
// GET /:did in the form plc.directory uses today ("<did>#atproto", Multikey) and, for the in-memory
// database (whose exportOps() is a stub), our own GET /export.
//   PLC_DB_URL=postgres://...   use Postgres for the PLC; default is the in-memory mock database.
//   PDS_OVERRIDES='{"json":1}'  extra PDS.fromEnv() settings (names as in pds/src/config/env.ts).
import net from 'node:net'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import crypto from 'node:crypto'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'

const t0 = performance.now()
const { values: opt } = parseArgs({
  options: {
    pds: { type: 'string', default: '1' },
    'plc-port': { type: 'string', default: '0' },
    'pds-port': { type: 'string', default: '0' },
    data: { type: 'string' },
    'legacy-did-doc': { type: 'boolean', default: false },
    relay: { type: 'boolean', default: false },
    'relay-port': { type: 'string', default: '0' },
    keep: { type: 'boolean', default: false },
    'exit-on-stdin-eof': { type: 'boolean', default: false },
  },
})

// Both servers call app.listen(port), i.e. all interfaces. Pin to loopback.
const origListen = net.Server.prototype.listen
net.Server.prototype.listen = function (...args) {
  if (typeof args[0] === 'number' && typeof args[1] !== 'string') {
    args.splice(1, 0, '127.0.0.1')
  }
  return origListen.apply(this, args)
}

const freePort = () =>
  new Promise((res, rej) => {
    const s = net.createServer()
    s.once('error', rej)
    origListen.call(s, 0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => res(port))
    })
  })

process.env.LOG_ENABLED ??= 'false'
const tImport = performance.now()
const require = createRequire(import.meta.url)
const plc = require('@did-plc/server') // CommonJS
const plcLib = require('@did-plc/lib')
const express = require('express')
const pdsMod = await import('@atproto/pds')
const { PDS } = pdsMod
// @atproto/pds < 0.5 (node 18/20) has no PDS.fromEnv()
const createPds = (env) =>
  PDS.fromEnv ? PDS.fromEnv(env) : PDS.create(pdsMod.envToCfg(env), pdsMod.envToSecrets(env))
const { Secp256k1Keypair } = await import('@atproto/crypto')
const importMs = performance.now() - tImport

const root = opt.data ?? (await fs.mkdtemp(path.join(os.tmpdir(), 'atnet-')))
await fs.mkdir(root, { recursive: true })

// ---- PLC
const plcPort = Number(opt['plc-port']) || (await freePort())
let db
if (process.env.PLC_DB_URL) {
  db = plc.Database.postgres({ url: process.env.PLC_DB_URL })
  await db.migrateToLatestOrThrow()
} else {
  db = plc.Database.mock()
}
const plcServer = plc.PlcServer.create({ db, port: plcPort, version: 'local' })
{
  const inner = plcServer.app
  const outer = express()
  if (!opt['legacy-did-doc']) {
    outer.get('/:did', async (req, res, next) => {
      try {
        const { did } = req.params // decoded: the PDS asks for /did%3Aplc%3A...
        if (!/^did:plc:[a-z2-7]{24}$/.test(did)) return next()
        const log = await db.opsForDid(did)
        if (!log.length) return res.status(404).json({ message: `DID not registered: ${did}` })
        const data = await plcLib.validateOperationLog(did, log)
        if (!data) return res.status(410).json({ message: `DID not available: ${did}` })
        res.type('application/did+ld+json').send(
          JSON.stringify({
            '@context': [
              'https://www.w3.org/ns/did/v1',
              'https://w3id.org/security/multikey/v1',
              'https://w3id.org/security/suites/secp256k1-2019/v1',
            ],
            id: did,
            alsoKnownAs: data.alsoKnownAs,
            verificationMethod: Object.entries(data.verificationMethods).map(([id, key]) => ({
              id: `${did}#${id}`,
              type: 'Multikey',
              controller: did,
              publicKeyMultibase: key.replace(/^did:key:/, ''),
            })),
            service: Object.entries(data.services).map(([id, s]) => ({
              id: `#${id}`,
              type: s.type,
              serviceEndpoint: s.endpoint,
            })),
          }),
        )
      } catch (err) {
        next(err)
      }
    })
  }
  if (!process.env.PLC_DB_URL) {
    outer.get('/export', (req, res) => {
      const count = Math.min(parseInt(req.query.count ?? '1000', 10) || 1000, 1000)
      const after = req.query.after ? new Date(req.query.after) : undefined
      const rows = Object.values(db.contents)
        .flat()
        .filter((o) => !after || o.createdAt > after)
        .sort((a, b) => a.createdAt - b.createdAt)
        .slice(0, count)
        .map((o) => JSON.stringify({ ...o, cid: o.cid.toString(), createdAt: o.createdAt.toISOString() }))
      res.type('application/jsonlines').send(rows.join('\n'))
    })
  }
  outer.use(inner)
  plcServer.app = outer
}
await plcServer.start()
// NOT an IP: the PDS' SSRF-safe fetch refuses IP hosts even with disableSsrfProtection.
const plcUrl = `http://localhost:${plcPort}`

// ---- PDS
const adminPassword = 'admin-pass'
const jwtSecret = 'jwt-secret'
const pdses = []
const n = Number(opt.pds)
for (let i = 0; i < n; i++) {
  const port = (i === 0 && Number(opt['pds-port'])) || (await freePort())
  const dir = path.join(root, `pds${i}`)
  const dataDirectory = path.join(dir, 'data')
  const blobs = path.join(dir, 'blobs')
  await fs.mkdir(dataDirectory, { recursive: true })
  await fs.mkdir(blobs, { recursive: true })
  const rot = await Secp256k1Keypair.create({ exportable: true })
  const domain = `.pds${i}.test` // none within another, or its PDS would answer for it
  const server = await createPds({
    devMode: true,
    port,
    hostname: 'localhost', // => publicUrl http://localhost:<port>
    serviceDid: `did:web:localhost%3A${port}`, // default would be did:web:localhost for every PDS
    dataDirectory,
    blobstoreDiskLocation: blobs,
    blobstoreDiskTmpLocation: path.join(dir, 'blobs-tmp'),
    recoveryDidKey: (await Secp256k1Keypair.create()).did(),
    adminPassword,
    jwtSecret,
    dpopSecret: crypto.randomBytes(32).toString('hex'),
    serviceHandleDomains: [domain],
    didPlcUrl: plcUrl,
    modServiceUrl: 'https://moderator.invalid',
    modServiceDid: 'did:example:invalid',
    // Nobody is there. Without one, as no PDS in the wild is, it passes on no record of another PDS; but the first, which
    // is asked about handles, would ask it about those of others.
    ...(i === 0 ? {} : { bskyAppViewUrl: 'http://localhost:9', bskyAppViewDid: 'did:web:localhost%3A9' }),
    plcRotationKeyK256PrivateKeyHex: Buffer.from(await rot.export()).toString('hex'),
    inviteRequired: false,
    rateLimitsEnabled: false,
    disableSsrfProtection: true,
    crawlers: [],
    serviceName: `Local PDS ${i}`,
    ...(process.env.PDS_OVERRIDES ? JSON.parse(process.env.PDS_OVERRIDES) : {}),
  })
  await server.start()
  // No SMTP configured: mails (email confirmation, PLC-operation and account-deletion tokens) go to
  // nodemailer's jsonTransport. Append them to mail.jsonl so that tests can read the tokens.
  for (const m of [server.ctx.mailer, server.ctx.moderationMailer]) {
    const send = m.transporter.sendMail
    m.transporter.sendMail = async function (mail) {
      await fs.appendFile(
        path.join(dir, 'mail.jsonl'),
        JSON.stringify({ to: mail.to, subject: mail.subject, text: mail.text, html: mail.html }) + '\n',
      )
      return send.call(this, mail)
    }
  }
  // Handle resolution for *.test: ask our own PDSes instead of DNS / https.
  pdses.push({ server, port, domain, dir, url: `http://localhost:${port}` })
}
for (const p of pdses) {
  const hr = p.server.ctx.idResolver.handle
  hr.resolve = async (handle) => {
    const q = pdses
      .filter((x) => handle.endsWith(x.domain))
      .sort((a, b) => b.domain.length - a.domain.length)[0]
    if (!q) return undefined
    const acct = await q.server.ctx.accountManager.getAccount(handle)
    return acct?.did
  }
}

// A PDS that is not reachable refuses connections, as it does between its end and its next start; those that stood are cut.
for (const p of pdses) {
  p.sockets = new Set()
  p.server.server.on('connection', (socket) => {
    p.sockets.add(socket)
    socket.on('close', () => p.sockets.delete(socket))
  })
}
const reach = (p, reachable) =>
  new Promise((done) => {
    if (reachable) return origListen.call(p.server.server, p.port, '127.0.0.1', done)
    p.server.server.close(done)
    for (const socket of p.sockets) socket.destroy()
  })

let relay
if (opt.relay) {
  const { startRelay } = await import('./relay.mjs')
  relay = await startRelay({
    plcUrl,
    hosts: pdses.map((p) => p.url),
    port: Number(opt['relay-port']),
    reach: (url, reachable) => reach(pdses.find((p) => p.url === url), reachable),
  })
}

const info = {
  pid: process.pid,
  node: process.version,
  plc: `http://127.0.0.1:${plcPort}`,
  plcPublicUrl: plcUrl,
  pds: pdses.map((p) => ({
    url: `http://127.0.0.1:${p.port}`,
    publicUrl: p.url,
    did: p.server.ctx.cfg.service.did,
    handleDomain: p.domain,
    firehose: `ws://127.0.0.1:${p.port}/xrpc/com.atproto.sync.subscribeRepos`,
    dataDir: p.dir,
    mailLog: path.join(p.dir, 'mail.jsonl'),
  })),
  relay: relay && {
    url: `http://127.0.0.1:${relay.port}`,
    firehose: `ws://127.0.0.1:${relay.port}/xrpc/com.atproto.sync.subscribeRepos`,
  },
  adminPassword,
  dataRoot: root,
  importMs: Math.round(importMs),
  bootMs: Math.round(performance.now() - t0),
  rssMb: Math.round(process.memoryUsage().rss / 1048576),
}
process.stdout.write(JSON.stringify(info) + '\n')

let closing = false
const stop = async () => {
  if (closing) return
  closing = true
  const t = setTimeout(() => process.exit(1), 10_000)
  await relay?.close().catch(() => {})
  for (const p of pdses) await p.server.destroy().catch(() => {})
  await plcServer.destroy().catch(() => {})
  if (!opt.keep && !opt.data) await fs.rm(root, { recursive: true, force: true })
  clearTimeout(t)
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
if (opt['exit-on-stdin-eof']) {
  process.stdin.resume()
  process.stdin.on('end', stop)
}
