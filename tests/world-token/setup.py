#!/usr/bin/env python3
"""Initialises, unseals and configures `bao server`, or what is yet to be done.  setup.py CONFIG"""
import http.client, json, os, ssl, sys, time

C = json.load(open(sys.argv[1]))
D = C['dir']
CA = ssl.create_default_context(cafile=D + '/pki/tls-ca.pem')
MONTH = '2419200s'  # as htvault-config gives: longer than what a client may keep, so it is exchanged


def bao(method, path, data=None, token=None, ok=(200, 204)):
    c = http.client.HTTPSConnection('localhost', C['bao'], context=CA, timeout=20)
    c.request(method, '/v1/' + path, json.dumps(data) if data is not None else None, {'X-Vault-Token': token} if token else {})
    r = c.getresponse()
    body = r.read()
    if ok and r.status not in ok:
        sys.exit('bao %s %s: %d %s' % (method, path, r.status, body.decode()[:300]))
    return json.loads(body) if body else {}


def private(name, text):
    with os.fdopen(os.open(D + '/bao/' + name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
        f.write(text)


for _ in range(150):
    try:
        up = bao('GET', 'sys/init')
        break
    except OSError:
        time.sleep(0.1)
else:
    sys.exit('bao does not answer')
if not up['initialized']:
    r = bao('PUT', 'sys/init', {'secret_shares': 1, 'secret_threshold': 1})
    private('unseal-key', r['keys'][0])
    private('root-token', r['root_token'])
if bao('GET', 'sys/seal-status')['sealed']:
    bao('PUT', 'sys/unseal', {'key': open(D + '/bao/unseal-key').read()})
ROOT = open(D + '/bao/root-token').read()
for _ in range(100):  # until it is active
    if 'data' in bao('GET', 'sys/auth', token=ROOT, ok=None):
        break
    time.sleep(0.1)


def put(path, data):
    return bao('POST', path, data, ROOT)


mounts = bao('GET', 'sys/auth', token=ROOT)['data']
put('sys/policies/acl/tokencreate', {'policy': 'path "auth/token/create" { capabilities = ["create", "update"] }'})
pem = open(D + '/pki/tls-ca.pem').read()
redirect = ['https://%s:%d/v1/auth/oidc-%%s/oidc/callback' % (h, p['port']) for h in ('localhost', '127.0.0.1', C['host']) for p in C['listeners']]


def policy(name, issuer, role, who):
    put('sys/policies/acl/' + name, {'policy': '\n'.join(
        'path "secret/oauth/%s/%s/%s:%s" { capabilities = [%s] }' % (kind, issuer, who, role, caps)
        for kind, caps in (('creds', '"create", "read", "update", "delete"'), ('sts', '"read"')))})


for issuer, client in C['issuers'].items():
    m = 'oidc-' + issuer
    if m + '/' not in mounts:
        put('sys/auth/' + m, {'type': 'oidc', 'config': {'default_lease_ttl': MONTH, 'max_lease_ttl': MONTH}})
        mounts = bao('GET', 'sys/auth', token=ROOT)['data']
    put('auth/%s/config' % m, {'oidc_discovery_url': 'https://localhost:%d/%s' % (C['issuer'], issuer), 'oidc_discovery_ca_pem': pem,
                               'oidc_client_id': client['client_id'], 'oidc_client_secret': client['client_secret'], 'default_role': 'default'})
    for role, (mode, scopes) in client['roles'].items():
        policy('%s-%s' % (m, role), issuer, role, '{{identity.entity.aliases.%s.metadata.credkey}}' % mounts[m + '/']['accessor'])
        put('auth/%s/role/%s' % (m, role), {
            'role_type': 'oidc', 'user_claim': 'uid', 'claim_mappings': {'uid': 'credkey'}, 'oauth2_metadata': ['refresh_token'],
            'callback_mode': mode, 'poll_interval': 1, 'oidc_scopes': ['profile', 'offline_access'] + scopes,
            'allowed_redirect_uris': [r % issuer for r in redirect], 'token_policies': ['%s-%s' % (m, role), 'tokencreate'], 'token_ttl': MONTH})
for k in C['kerberos']:
    issuer, role = k.split('_')
    policy('kerberos-' + k, issuer, role, '{{identity.entity.aliases.%s.name}}' % mounts['token/']['accessor'])
    put('auth/token/roles/kerberos-' + k, {'allowed_policies': ['kerberos-' + k, 'tokencreate', 'default'], 'orphan': True, 'renewable': False,
                                           'allowed_entity_aliases': ['*'], 'token_explicit_max_ttl': MONTH})
