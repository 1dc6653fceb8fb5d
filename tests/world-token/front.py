#!/usr/bin/env python3
"""The vault's ports: TLS before `bao server`, and what stands for the two plugins that OpenBao does not have.

front.py CONFIG serves until it is stopped. What it answers itself:
  auth/kerberos-<issuer>_<role>/login            Negotiate, accepted with the keytab; a bao token for the principal
  secret/oauth/{creds,sts}/<issuer>/<key>:<role> POST stores a refresh token, GET redeems it at the issuer, DELETE forgets it
Whether a vault token may do so is bao's own answer (sys/capabilities-self on the same path). Everything else is passed on.
"""
import base64, calendar, http.client, http.server, json, os, re, socket, ssl, sys, threading, time, urllib.parse
import gssapi

C = json.load(open(sys.argv[1]))
D = C['dir']
CA = ssl.create_default_context(cafile=D + '/pki/tls-ca.pem')
SECRET = re.compile(r'/v1/secret/oauth/(creds|sts)/([^/]+)/([^/:]+):([^/]+)$')
KERB = re.compile(r'/v1/auth/kerberos-([^/_]+)_([^/]+)/login$')
lock = threading.Lock()
STORE = D + '/bao/oauth.json'


def state(name):
    try:
        return open(D + '/state/' + name).read().strip()
    except OSError:
        return ''


def log(*words):
    with open(D + '/log/front.log', 'a') as f:
        print(time.strftime('%H:%M:%S'), *words, file=f)


def call(port, method, path, body=None, headers={}):
    c = http.client.HTTPSConnection('localhost', port, context=CA, timeout=15)
    try:
        c.request(method, path, body, headers)
        r = c.getresponse()
        return r.status, r.read(), r.getheaders()
    finally:
        c.close()


def bao(method, path, token, data=None):
    status, body, _ = call(C['bao'], method, '/v1/' + path, json.dumps(data) if data is not None else None, {'X-Vault-Token': token})
    return status, json.loads(body) if body else {}


def stored():
    try:
        return json.load(open(STORE))
    except OSError:
        return {}


def store(key, value):
    with lock:
        all_ = stored()
        all_.pop(key, None)
        if value is not None:
            all_[key] = value
        fd = os.open(STORE + '.new', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, 'w') as f:
            json.dump(all_, f)
        os.rename(STORE + '.new', STORE)


class Refused(Exception):
    pass


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    server_version, sys_version = 'front', ''

    def log_message(self, fmt, *args):
        log(self.server.server_address[1], fmt % args)

    def answer(self, status, data=None, raw=None, headers=()):
        body = raw if raw is not None else b'' if data is None else json.dumps(data).encode() + b'\n'
        record(self.server.server_address[1], '<', status, body[:20000].decode('utf-8', 'replace').strip())
        self.send_response(status)
        for k, v in headers:
            self.send_header(k, v)
        if raw is None and data is not None:
            self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def errors(self, status, *messages):
        self.answer(status, {'errors': list(messages)})

    def may(self, path, verb):
        """Asks bao whether the caller's vault token may; None and an answer sent if not."""
        token = self.headers.get('X-Vault-Token') or ''
        status, r = bao('POST', 'sys/capabilities-self', token, {'paths': [path]}) if token else (403, {})
        if status != 200:
            return self.errors(403, 'permission denied')
        caps = r['data'][path]
        if verb not in caps and 'root' not in caps:
            return self.errors(403, '1 error occurred:\n\t* permission denied\n\n')
        return token

    def secret(self, m, query, body):
        kind, issuer, credkey, role = m.groups()
        path = m.string[len('/v1/'):]
        key = '%s/%s:%s' % (issuer, credkey, role)
        verb = {'GET': 'read', 'DELETE': 'delete'}.get(self.command, 'update')
        if not self.may(path, verb):
            return
        if issuer not in C['issuers']:
            return self.errors(404)
        if self.command in ('POST', 'PUT'):
            try:
                d = json.loads(body)
                store(key, {'server': d['server'], 'refresh_token': d['refresh_token'], 'role': role})
            except (ValueError, KeyError):
                return self.errors(400, 'missing server or refresh_token')
            return self.answer(204)
        if self.command == 'DELETE':
            store(key, None)
            return self.answer(204)
        entry = stored().get(key)
        if not entry:
            return self.errors(404)
        try:
            data = self.redeem(issuer, entry, query, kind)
        except Refused as e:
            return self.errors(400, str(e))
        self.answer(200, {'request_id': os.urandom(8).hex(), 'lease_id': '', 'renewable': False, 'lease_duration': 0,
                          'data': data, 'wrap_info': None, 'warnings': None, 'auth': None})

    def redeem(self, issuer, entry, query, kind):
        least = int(query.get('minimum_seconds', ['0'])[0])
        form = {'grant_type': 'refresh_token', 'refresh_token': entry['refresh_token']}
        if kind == 'sts':
            if 'scopes' in query:
                form['scope'] = re.sub('[ ,]+', ' ', query['scopes'][0])
            if 'audiences' in query:
                form['audience'] = query['audiences'][0]
        client = C['issuers'][issuer]
        basic = base64.b64encode(('%s:%s' % (client['client_id'], client['client_secret'])).encode()).decode()
        status, body, _ = call(C['issuer'], 'POST', '/%s/token' % issuer, urllib.parse.urlencode(form),
                               {'Content-Type': 'application/x-www-form-urlencoded', 'Authorization': 'Basic ' + basic})
        r = json.loads(body)
        if status != 200:
            raise Refused('%s: %s' % (r.get('error'), r.get('error_description')))
        if r['expires_in'] < least:
            raise Refused('token expires in %d seconds, %d were asked for' % (r['expires_in'], least))
        return {'access_token': r['access_token'], 'server': entry['server'], 'type': 'Bearer',
                'expire_time': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + r['expires_in']))}

    def kerberos(self, m):
        issuer, role = m.groups()
        if '%s_%s' % (issuer, role) not in C['kerberos']:
            return self.errors(404, 'no handler for route "%s". route entry not found.' % m.string[4:])
        scheme, _, blob = (self.headers.get('Authorization') or '').partition(' ')
        if scheme.lower() != 'negotiate':
            return self.answer(401, {'auth': None, 'errors': ['authentication required']}, headers=[('WWW-Authenticate', 'Negotiate')])
        try:
            creds = gssapi.Credentials(usage='accept', store={b'keytab': C['keytab'].encode()})
            ctx = gssapi.SecurityContext(creds=creds, usage='accept')
            ctx.step(base64.b64decode(blob))
            principal = str(ctx.initiator_name) if ctx.complete else None
        except Exception as e:
            log('kerberos:', e)
            principal = None
        if not principal:
            return self.errors(403, 'SPNEGO validation failed')
        name, _, realm = principal.partition('@')
        log('kerberos:', principal)
        if realm != C['realm']:
            return self.errors(403, 'realm %s is not served' % realm)
        token = open(D + '/bao/root-token').read().strip()
        status, r = bao('POST', 'auth/token/create/kerberos-%s_%s' % (issuer, role), token,
                        {'entity_alias': name, 'display_name': 'kerberos-' + name, 'meta': {'user': name, 'domain': realm}})
        self.answer(status, r)

    def pass_on(self, body):
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ('host', 'connection', 'content-length')}
        status, raw, got = call(C['bao'], self.command, self.path, body, headers)
        keep = [(k, v) for k, v in got if k.lower() not in ('content-length', 'connection', 'transfer-encoding')]
        self.answer(status, raw=raw, headers=keep)

    def serve(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        url = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(url.path)
        record(self.server.server_address[1], '>', self.command, self.path, json.dumps(dict(self.headers)), body.decode('utf-8', 'replace'))
        mode = state('mode')
        if mode == '503':
            return self.errors(503, 'Vault is sealed')
        if mode == 'garbage':
            return self.answer(200, raw=b'<html><body>Service Temporarily Unavailable</body></html>\n', headers=[('Content-Type', 'text/html')])
        if mode == 'huge':
            return self.answer(200, raw=b'{"data": "' + b'x' * (64 << 20) + b'"}')
        if mode == 'odd':
            return self.answer(200, {'data': 'text', 'auth': [1]})
        if mode == 'redirect':
            return self.answer(302, raw=b'', headers=[('Location', 'https://localhost:%d%s' % (C['listeners'][2]['port'], self.path))])
        if mode == 'hang':
            time.sleep(60)
        if path == '/htgettokenopts.txt':
            return self.answer(200, raw=open(D + '/conf/htgettokenopts.txt', 'rb').read(), headers=[('Content-Type', 'text/plain')])
        if m := KERB.match(path):
            return self.kerberos(m)
        if m := SECRET.match(path):
            return self.secret(m, urllib.parse.parse_qs(url.query), body)
        self.pass_on(body)

    do_GET = do_POST = do_PUT = do_DELETE = serve


def record(*words):
    """With something in state/record, requests (>) and answers (<) are kept as they are, secrets and all."""
    if state('record'):
        with open(D + '/log/wire.log', 'a') as f:
            print(*words, file=f)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port, cert, key):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(cert, key)
        super().__init__(('127.0.0.1', port), Front)

    def finish_request(self, request, client_address):
        # the handshake happens in the connection's own thread, under a limit
        request.settimeout(30)
        try:
            request = self.tls.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError) as e:
            return log('tls:', e)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        log('error:', repr(sys.exc_info()[1]))


servers = [Server(l['port'], '%s/pki/%s.pem' % (D, l['name']), '%s/pki/%s.key' % (D, l['name'])) for l in C['listeners']]
for s in servers[1:]:
    threading.Thread(target=s.serve_forever, daemon=True).start()
servers[0].serve_forever()
