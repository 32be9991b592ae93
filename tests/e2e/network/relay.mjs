// Minimal stand-in for a relay (NOT indigo's): follows N PDS firehoses, drops events from a host that
// is not the DID's current PDS, re-sequences, keeps everything in memory, re-serves.
//   ws  /xrpc/com.atproto.sync.subscribeRepos[?cursor=]   (cursor replay, FutureCursor, ConsumerTooSlow)
//   GET listRepos, listReposByCollection, listHosts, getHostStatus, getRepoStatus, getLatestCommit,
//       getRepo (302 to the PDS, as the sync v1.1 relay does);  POST requestCrawl
//   POST /_test/{drop,replay,gap,inject}  fault injection: drop = close all consumers, gap = burn N seqs,
//        replay = re-emit last N events as duplicates under new seqs; stall/resume = stop forwarding,
//        inject = send the body's bytes as one frame, whatever they are (burn a seq for it by gap first),
//        reach = take the PDS of that url away or bring it back (answers when that is done)
import http from 'node:http'
import { WebSocketServer, WebSocket } from 'ws'
import { Frame, MessageFrame, ErrorFrame } from '@atproto/xrpc-server'

export async function startRelay({ plcUrl, hosts, port = 0, firstSeq = 1, maxBuffer = 64 * 1024 * 1024, reach }) {
  const log = [] // { seq, bytes }
  let seq = firstSeq - 1
  let stalled = false
  const stalledQ = []
  const consumers = new Set()
  const repos = new Map() // did -> { host, active, status, rev, head, collections:Set }
  const hostState = new Map() // hostname -> { url, cursor, ws, accounts:Set }
  const pdsOf = new Map() // did -> { host, at }

  const resolvePds = async (did, fresh) => {
    const hit = pdsOf.get(did)
    if (hit && !fresh) return hit
    const res = await fetch(`${plcUrl}/${did}`)
    if (!res.ok) return undefined
    const doc = await res.json()
    const ep = doc.service?.find((s) => s.id.endsWith('#atproto_pds'))?.serviceEndpoint
    const host = ep && new URL(ep).host
    pdsOf.set(did, host)
    return host
  }

  const emit = (type, body) => {
    if (stalled) return void stalledQ.push([type, body])
    const bytes = new MessageFrame({ ...body, seq: ++seq }, { type }).toBytes()
    log.push({ seq, bytes })
    for (const c of consumers) send(c, bytes)
  }
  const send = (c, bytes) => {
    if (!c.live) return
    if (c.ws.bufferedAmount > maxBuffer) {
      c.ws.send(new ErrorFrame({ error: 'ConsumerTooSlow', message: 'consumer too slow' }).toBytes())
      consumers.delete(c)
      return c.ws.close(1008, 'ConsumerTooSlow')
    }
    c.ws.send(bytes)
  }

  const onEvent = async (host, bytes) => {
    const f = Frame.fromBytes(bytes)
    if (!f.isMessage()) return
    const b = f.body
    const did = b.repo ?? b.did
    const st = hostState.get(host)
    st.cursor = b.seq
    let at = await resolvePds(did, f.type === '#identity' || f.type === '#account')
    if (at !== host) at = await resolvePds(did, true)
    if (at !== host) return // not authoritative for this account
    st.accounts.add(did)
    const r = repos.get(did) ?? { active: true, collections: new Set() }
    repos.set(did, r)
    r.host = host
    if (f.type === '#account') {
      r.active = b.active
      r.status = b.active ? undefined : b.status
    } else if (f.type === '#commit') {
      r.rev = b.rev
      r.head = b.commit.toString()
      for (const op of b.ops) if (op.action !== 'delete') r.collections.add(op.path.split('/')[0])
    } else if (f.type === '#sync') {
      r.rev = b.rev
    }
    emit(f.type, b)
  }

  const crawl = (url) => {
    const host = new URL(url).host
    if (hostState.has(host)) return
    const st = { url, cursor: 0, accounts: new Set(), queue: Promise.resolve(), stopped: false }
    hostState.set(host, st)
    const connect = () => {
      if (st.stopped) return
      const u = new URL('/xrpc/com.atproto.sync.subscribeRepos', url.replace(/^http/, 'ws'))
      u.searchParams.set('cursor', String(st.cursor))
      st.ws = new WebSocket(u)
      st.ws.on('message', (m) => (st.queue = st.queue.then(() => onEvent(host, m).catch((e) => console.error('relay', e)))))
      st.ws.on('close', () => setTimeout(connect, 250))
      st.ws.on('error', () => {})
    }
    connect()
  }

  const json = (res, code, body) => {
    res.writeHead(code, { 'content-type': 'application/json' })
    res.end(JSON.stringify(body))
  }
  const server = http.createServer((req, res) => {
    const u = new URL(req.url, 'http://x')
    const m = u.pathname.replace(/^\/xrpc\//, '')
    const q = u.searchParams
    const page = (arr, def) => {
      const limit = Math.min(Number(q.get('limit')) || def, 1000)
      const off = Number(q.get('cursor')) || 0
      const out = arr.slice(off, off + limit)
      return [out, off + out.length < arr.length ? String(off + out.length) : undefined]
    }
    const did = q.get('did')
    const r = did && repos.get(did)
    if (m === '_health' || m === '/_health') return json(res, 200, { version: 'mini-relay' })
    if (m === 'com.atproto.sync.listRepos') {
      const [out, cursor] = page([...repos].filter(([, r]) => r.rev), 500)
      return json(res, 200, { cursor, repos: out.map(([did, r]) => ({ did, head: r.head ?? '', rev: r.rev, active: r.active, status: r.status })) })
    }
    if (m === 'com.atproto.sync.listReposByCollection') {
      const c = q.get('collection')
      if (!c) return json(res, 400, { error: 'InvalidRequest', message: 'collection required' })
      const [out, cursor] = page([...repos].filter(([, r]) => r.collections.has(c)), 500)
      return json(res, 200, { cursor, repos: out.map(([did]) => ({ did })) })
    }
    const hostInfo = ([hostname, s]) => ({ hostname, seq: s.cursor, accountCount: s.accounts.size, status: s.ws?.readyState === 1 ? 'active' : 'offline' })
    if (m === 'com.atproto.sync.listHosts') {
      const [out, cursor] = page([...hostState], 200)
      return json(res, 200, { cursor, hosts: out.map(hostInfo) })
    }
    if (m === 'com.atproto.sync.getHostStatus') {
      const s = hostState.get(q.get('hostname'))
      return s ? json(res, 200, hostInfo([q.get('hostname'), s])) : json(res, 404, { error: 'HostNotFound', message: 'host not found' })
    }
    if (['com.atproto.sync.getRepoStatus', 'com.atproto.sync.getLatestCommit', 'com.atproto.sync.getRepo'].includes(m)) {
      if (!r) return json(res, 404, { error: 'RepoNotFound', message: 'account not found' })
      if (m.endsWith('getRepoStatus')) return json(res, 200, { did, active: r.active, status: r.status, rev: r.active ? r.rev : undefined })
      if (!r.active) return json(res, 403, { error: `Repo${r.status[0].toUpperCase()}${r.status.slice(1)}`, message: `account not active (${r.status})` })
      if (m.endsWith('getLatestCommit')) return json(res, 200, { cid: r.head, rev: r.rev })
      res.writeHead(302, { location: new URL(req.url, hostState.get(r.host).url).href })
      return res.end()
    }
    if (req.method === 'POST') {
      const chunks = []
      req.on('data', (c) => chunks.push(c)).on('end', async () => {
        const bytes = Buffer.concat(chunks)
        if (m === '/_test/inject') {
          log.push({ seq, bytes })
          for (const c of consumers) send(c, bytes)
          return json(res, 200, { seq })
        }
        const body = bytes.length ? JSON.parse(bytes) : {}
        if (m === 'com.atproto.sync.requestCrawl') return crawl(`http://${body.hostname}`), json(res, 200, {})
        if (m === '/_test/drop') for (const c of consumers) c.ws.terminate()
        else if (m === '/_test/gap') seq += body.n ?? 100
        else if (m === '/_test/stall') stalled = true
        else if (m === '/_test/reach') await reach(body.url, body.reachable)
        else if (m === '/_test/resume') { stalled = false; for (const e of stalledQ.splice(0)) emit(...e) }
        else if (m === '/_test/replay') for (const e of log.slice(-(body.n ?? 10))) { const f = Frame.fromBytes(e.bytes); emit(f.type, f.body) }
        else return json(res, 404, { error: 'MethodNotImplemented' })
        json(res, 200, { seq })
      })
      return
    }
    json(res, 404, { error: 'MethodNotImplemented', message: m })
  })

  const wss = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  server.on('upgrade', (req, sock, head) => {
    const u = new URL(req.url, 'http://x')
    if (u.pathname !== '/xrpc/com.atproto.sync.subscribeRepos') return sock.destroy()
    wss.handleUpgrade(req, sock, head, (ws) => {
      const c = { ws, live: true }
      const cur = u.searchParams.get('cursor')
      if (cur !== null) {
        if (Number(cur) > seq) {
          ws.send(new ErrorFrame({ error: 'FutureCursor', message: 'Cursor in the future.' }).toBytes())
          return ws.close(1008, 'FutureCursor')
        }
        if (log.length && Number(cur) < log[0].seq - 1 && Number(cur) > 0)
          ws.send(new MessageFrame({ name: 'OutdatedCursor', message: 'Requested cursor exceeded limit. Possibly missing events' }, { type: '#info' }).toBytes())
        for (const e of log) if (e.seq > Number(cur)) ws.send(e.bytes)
      }
      consumers.add(c)
      ws.on('close', () => consumers.delete(c))
      ws.on('error', () => {})
    })
  })
  await new Promise((r) => server.listen(port, '127.0.0.1', r))
  for (const h of hosts) crawl(h)
  return {
    port: server.address().port,
    async close() {
      for (const s of hostState.values()) { s.stopped = true; s.ws?.terminate() }
      for (const c of consumers) c.ws.terminate()
      server.closeAllConnections?.()
      await new Promise((r) => server.close(r))
    },
  }
}
