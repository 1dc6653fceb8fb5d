// The token issuers: one OpenID provider (npm oidc-provider, certified) per issuer, each under a path of one TLS port.
// issuers.mjs CONFIG: knobs are files in state/. Grants and keys live in memory only.
import fs from 'node:fs';
import https from 'node:https';
import crypto from 'node:crypto';
import { Provider, interactionPolicy } from 'oidc-provider';

const config = JSON.parse(fs.readFileSync(process.argv[2]));
const { dir, issuer: port, users, password } = config;
const key = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
const jwks = { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: crypto.randomBytes(4).toString('hex') }] };
const clients = Object.fromEntries(Object.entries(config.issuers).map(([name, { client_id, client_secret }]) => [name, [{
  client_id,
  client_secret,
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code'],
  redirect_uris: ['localhost', '127.0.0.1', config.host].flatMap((host) => config.listeners.map((listener) =>
    `https://${host}:${listener.port}/v1/auth/oidc-${name}/oidc/callback`)),
}]]));
const log = (...a) => fs.appendFileSync(`${dir}/log/issuers.log`, `${new Date().toISOString()} ${a.join(' ')}\n`);
const state = (name) => { try { return fs.readFileSync(`${dir}/state/${name}`, 'utf8').trim(); } catch { return ''; } };
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

// what a token of each issuer looks like: SciTokens as CILogon makes them, and the WLCG profile
const SHAPES = {
  igwn: { any: 'ANY', claims: () => ({ ver: 'scitoken:2.0' }),
    scopes: ['read:/frames', 'read:/shared', 'write:/staging', 'gracedb.read', 'gwdatafind.read', 'dqsegdb.read'] },
  wlcg: { any: 'https://wlcg.cern.ch/jwt/v1/any', claims: (user) => ({ 'wlcg.ver': '1.0', 'wlcg.groups': user.groups }),
    scopes: ['storage.read:/', 'storage.modify:/', 'compute.read', 'wlcg.groups'] },
};

function issuer(name) {
  const shape = SHAPES[name];
  const resource = 'urn:world:any';
  const provider = new Provider(`https://localhost:${port}/${name}`, {
    clients: clients[name],
    jwks,
    cookies: { keys: [crypto.randomBytes(16).toString('hex')] },
    scopes: ['openid', 'offline_access', 'profile', ...shape.scopes],
    claims: { openid: ['sub', 'uid'], profile: ['name'] },
    conformIdTokenClaims: false,
    rotateRefreshToken: false,
    issueRefreshToken: () => true,
    pkce: { required: () => false },
    ttl: {
      AccessToken: () => Number(state('access-ttl')) || 10800,
      DeviceCode: () => Number(state('device-ttl')) || 600,
      RefreshToken: 30 * 86400, Grant: 30 * 86400, Interaction: 600, Session: 600, IdToken: 3600,
    },
    interactions: { url: (ctx, i) => `/${name}/interaction/${i.uid}`, policy: interactionPolicy.base() },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: shape.scopes.join(' '), audience: shape.any, accessTokenFormat: 'jwt',
          accessTokenTTL: Number(state('access-ttl')) || 10800, jwt: { sign: { alg: 'RS256' } } }),
      },
    },
    formats: { customizers: { jwt(ctx, token, parts) {
      const p = parts.payload;
      Object.assign(p, shape.claims(users[p.sub.split('@')[0]] ?? {}), { nbf: p.iat });
      // an audience asked for with the refresh token (no member of RFC 6749; CILogon and IAM take it too)
      const asked = ctx.oidc.body?.audience;
      if (asked) { const all = asked.split(/[ ,]+/); p.aud = all.length > 1 ? all : all[0]; }
    } } },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, uid: id.split('@')[0], name: users[id.split('@')[0]]?.name }) }),
    renderError: (ctx, out) => { ctx.type = 'html'; ctx.body = page('Error', `<p id="error">${out.error}: ${esc(out.error_description)}</p>`); },
  });
  provider.proxy = false;
  // RFC 8628 3.5: too fast a poller is told to slow down; state/slow-down says how often this is yet to happen
  provider.use(async (ctx, next) => {
    const left = Number(state('slow-down'));
    if (left > 0 && ctx.method === 'POST' && ctx.path === '/token') {
      const chunks = []; for await (const c of ctx.req) chunks.push(c);
      const body = Buffer.concat(chunks).toString();
      ctx.req.body = body;
      if (new URLSearchParams(body).get('grant_type') === DEVICE) {
        fs.writeFileSync(`${dir}/state/.slow-down`, String(left - 1));
        fs.renameSync(`${dir}/state/.slow-down`, `${dir}/state/slow-down`);
        log(name, 'slow_down');
        ctx.status = 400; ctx.body = { error: 'slow_down', error_description: 'polling too quickly' };
        return;
      }
    }
    await next();
    if (ctx.oidc?.route) log(name, ctx.oidc.route, ctx.status, ctx.oidc.params?.grant_type ?? '', ctx.body?.error ?? '');
  });
  provider.on('server_error', (ctx, e) => log(name, 'server_error', e.stack));
  provider.on('grant.error', (ctx, e) => log(name, 'grant.error', e.error, e.error_detail ?? e.error_description));
  provider.on('authorization.error', (ctx, e) => log(name, 'authorization.error', e.error, e.error_detail ?? e.error_description));
  return provider;
}

const esc = (s) => String(s ?? '').replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const page = (title, body) => `<!doctype html><title>${title}</title><h1>${title}</h1>${body}`;
const form = (uid, name, inner) => `<form method="post" action="/${name}/interaction/${uid}">${inner}</form>`;

async function interaction(provider, name, req, res) {
  const details = await provider.interactionDetails(req, res);
  const { uid, prompt, params, session } = details;
  const html = (status, title, body) => { res.writeHead(status, { 'content-type': 'text/html' }); res.end(page(title, body)); };
  if (req.method === 'GET') {
    return prompt.name === 'login'
      ? html(200, 'Log in', form(uid, name, '<input name="login"><input type="password" name="password"><button name="do" value="login">Log in</button>'))
      : html(200, 'Consent', `<p id="client">${esc(params.client_id)}</p><p id="scope">${esc(params.scope)}</p>${form(uid, name,
        '<button name="do" value="allow">Allow</button><button name="do" value="deny">Deny</button>')}`);
  }
  const chunks = []; for await (const c of req) chunks.push(c);
  const f = new URLSearchParams(Buffer.concat(chunks).toString());
  let result;
  if (prompt.name === 'login') {
    const user = users[f.get('login')];
    if (!user || f.get('password') !== password) return html(401, 'Log in', '<p id="error">wrong user name or password</p>');
    result = { login: { accountId: `${f.get('login')}@ligo.org` } };
  } else if (f.get('do') === 'deny') {
    result = { error: 'access_denied', error_description: 'End-User aborted interaction' };
  } else {
    const grant = details.grantId ? await provider.Grant.find(details.grantId)
      : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    const d = prompt.details;
    if (d.missingOIDCScope) grant.addOIDCScope(d.missingOIDCScope.join(' '));
    if (d.missingOIDCClaims) grant.addOIDCClaims(d.missingOIDCClaims);
    for (const [r, s] of Object.entries(d.missingResourceScopes ?? {})) grant.addResourceScope(r, s.join(' '));
    result = { consent: { grantId: await grant.save() } };
  }
  return provider.interactionFinished(req, res, result, { mergeWithLastSubmission: result.error === undefined });
}

const providers = Object.fromEntries(Object.keys(SHAPES).map((n) => [n, issuer(n)]));
const server = https.createServer({ key: fs.readFileSync(`${dir}/pki/web.key`), cert: fs.readFileSync(`${dir}/pki/web.pem`) }, async (req, res) => {
  const [, name, rest] = /^\/([a-z]+)(\/.*)$/.exec(req.url) ?? [];
  const provider = providers[name];
  if (!provider) { res.writeHead(404).end('no such issuer\n'); return; }
  try {
    if (rest.startsWith('/interaction/')) { await interaction(provider, name, req, res); return; }
  } catch (e) {
    log(name, 'interaction', e.stack);
    res.writeHead(400, { 'content-type': 'text/html' }).end(page('Error', `<p id="error">${esc(e.message)}</p>`));
    return;
  }
  req.originalUrl = req.url; req.url = rest;
  provider.callback()(req, res);
});
server.listen(port, '127.0.0.1', () => log('up', port));
for (const s of ['SIGTERM', 'SIGINT']) process.on(s, () => process.exit(0));
