#!/usr/bin/python3
"""The certificate service: what stands behind the SP at /secure/CASE. Apache runs it as a CGI; peers.py imports it.

`getcert` is the service as it was; see CASES for what it does otherwise, which is after the login. The log has a JSON line
for each request.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
from urllib.parse import parse_qs

CASES = {
    "getcert": "issues: PKCS#12 in the form of OpenSSL 3, or a PEM certificate",
    "legacy-p12": "issues, PKCS#12 with RC2-40 and 3DES",
    "3des-p12": "issues, PKCS#12 with 3DES and SHA-1",
    "chain": "issues, the CA's certificate comes with the user's",
    "before": "issues, the CA's certificate comes before the user's (certreq only)",
    "text": "issues, with the certificate's text before the PEM (certreq only)",
    "other-key": "certreq: a certificate for another key; pkcs12: no key in the file",
    "other-password": "pkcs12: the file has another password",
    "expired": "issues what has ended already",
    "garbage": "200, the usual media type, no credential",
    "empty": "200, the usual media type, nothing",
    "html": "200 with a page",
    "endless": "200, a body without end",
    "hang": "no answer for two minutes",
    "redirect": "302 back to the login, as if the session had ended",
    "retired": "400 with the sentence that CILogon has now",
    "off": "400 with the sentence that CILogon had when issuing was switched off",
    "hello": "GET: a page that names the user, for ecp-curl and ecp-get-cookie",
}
LIFETIME = {"pkcs12": (0, 9516), "certreq": (12, 277)}  # hours: the default, 0 being the longest; the longest


class Refused(Exception):
    """400 with a sentence"""


def openssl(*arguments, data=b""):
    done = subprocess.run(["openssl", *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise Refused("The certificate could not be made.")
    return done.stdout


def hours(form, submit):
    default, longest = LIFETIME[submit]
    try:
        wanted = int(form.get("p12lifetime" if submit == "pkcs12" else "certlifetime") or 0)
    except ValueError:
        wanted = 0
    if wanted == 0 or (submit == "pkcs12" and wanted < 0):
        wanted = default or longest
    return max(1, min(wanted, longest))


def escape(text):
    return text.replace("\\", "\\\\").replace("/", "\\/").replace("+", "\\+")


def sign(world, scratch, request, user, seconds):
    """A PEM certificate for the key in a PEM request, whose other contents mean nothing"""
    file = os.path.join(scratch, "request.pem")
    with open(file, "wb") as f:
        f.write(request)
    with open(os.path.join(scratch, "index"), "w"):
        pass
    end = time.time() + seconds
    begin = min(time.time() - 300, end - 3600)
    subject = f"/DC=org/DC=cilogon/C=US/O=LIGO/CN={escape(user['displayName'])} {escape(user['eppn'].lower())}"
    os.environ["CA_HOME"], os.environ["CA_DB"] = os.path.join(world, "ca/grid"), scratch
    stamp = "%Y%m%d%H%M%SZ"
    return openssl("ca", "-config", os.path.join(world, "bin/openssl.cnf"), "-batch", "-notext", "-utf8", "-in", file,
                   "-subj", subject, "-extensions", "x509_person", "-startdate", time.strftime(stamp, time.gmtime(begin)),
                   "-enddate", time.strftime(stamp, time.gmtime(end)))


def new_key():
    return openssl("genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")


def request_for(key, scratch):
    file = os.path.join(scratch, "key.pem")
    with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
        f.write(key)
    return openssl("req", "-new", "-key", file, "-subj", "/CN=nobody", "-config", "/dev/null")


def issue(world, case, form, cookies, user):
    csrf, submit = form.get("CSRF"), form.get("submit")
    if not csrf or cookies.get("CSRF") != csrf:
        raise Refused("The CSRF value of the form is not the one of the cookie.")
    if submit not in LIFETIME:
        raise Refused("The form has no known submit value.")
    if case == "off":
        raise Refused("Downloading certificates is disabled.")
    if not user.get("eppn") or not user.get("displayName"):
        raise Refused("The identity provider did not release the attributes that a certificate needs.")
    seconds = -60 if case == "expired" else 3600 * hours(form, submit)
    with open(os.path.join(world, "ca/grid/cert.pem"), "rb") as f:
        authority = f.read()
    with tempfile.TemporaryDirectory(dir=os.path.join(world, "run")) as scratch:
        if submit == "certreq":
            if not form.get("certreq"):
                raise Refused("There is no certificate request in the form.")
            request = request_for(new_key(), scratch) if case == "other-key" else form["certreq"].encode()
            cert = sign(world, scratch, request, user, seconds)
            if case == "text":
                cert = openssl("x509", "-text", data=cert)
            parts = {"chain": [cert, authority], "before": [authority, cert]}
            return "text/plain", b"".join(parts.get(case, [cert]))
        password = form.get("p12password", "")
        if len(password) < 12:
            raise Refused("The password for the PKCS#12 file must have 12 characters at least.")
        if case == "other-password":
            password = password[::-1] + "-"
        key = new_key()
        cert = sign(world, scratch, request_for(key, scratch), user, seconds)
        file = os.path.join(scratch, "all.pem")
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
            f.write(cert + key + (authority if case == "chain" else b""))
        form_of_p12 = {
            "legacy-p12": ["-legacy"],
            "3des-p12": ["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"],
            "other-key": ["-nokeys"],
        }
        return "application/x-pkcs12", openssl("pkcs12", "-export", "-in", file, "-passout", "stdin",
                                               *form_of_p12.get(case, []), data=password.encode() + b"\n")


def endless():
    while True:
        yield b"MIIE" * 16384
        time.sleep(0.002)


def respond(world, case, method, cookie, body, user, log=None):
    """(status, headers, pieces of the body)"""
    form = {}
    if method == "POST":
        form = {k: v[-1] for k, v in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()}
    cookies = dict(c.strip().partition("=")[::2] for c in cookie.split(";"))
    usual = "application/x-pkcs12" if form.get("submit") == "pkcs12" else "text/plain"

    def page(status, kind, text, *headers):
        text = text if isinstance(text, bytes) else text.encode()
        return status, [("Content-Type", kind), ("Content-Length", str(len(text))), *headers], [text]

    if case.isdigit():
        return page(int(case), "text/html", f"<html><body><h1>{case}</h1><p>Not here.</p></body></html>")
    if case == "hello":
        return page(200, "text/plain", f"Hello {user.get('eppn', 'somebody')}.\n")
    if case == "retired":
        return page(400, "text/plain", "ECP certificates have been disabled.")
    if case == "redirect":
        return page(302, "text/html", "", ("Location", "https://login.ligo.org/idp/profile/SAML2/Redirect/SSO?SAMLRequest=fVLL"))
    if case == "html":
        return page(200, "text/html", "<html><body><p>Please come back later.</p></body></html>")
    if case == "garbage":
        return page(200, usual, b"\x00\x01 no credential \xff")
    if case == "empty":
        return page(200, usual, b"")
    if case == "endless":
        return 200, [("Content-Type", usual)], endless()
    if case == "hang":
        parent = os.getppid()
        for _ in range(120):
            time.sleep(1)
            if os.getppid() != parent:
                sys.exit(0)
    if case not in CASES:
        return page(404, "text/html", "<html><body><h1>404</h1></body></html>")
    try:
        return page(200, *issue(world, case, form, cookies, user))
    except Refused as refused:
        return page(400, "text/plain", str(refused))


def note(log, record):
    """A JSON line, in one piece"""
    line = json.dumps({"time": time.time(), **record}) + "\n"
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(fd, line.encode())
    finally:
        os.close(fd)


def main():
    env, world = os.environ, os.environ["WORLD_ECP"]
    case = env.get("PATH_INFO", "").strip("/").split("/")[0]
    body = sys.stdin.buffer.read(int(env.get("CONTENT_LENGTH") or 0))
    headers = [[k[5:].replace("_", "-").lower(), v] for k, v in env.items() if k.startswith("HTTP_")]
    if env.get("CONTENT_TYPE"):
        headers.append(["content-type", env["CONTENT_TYPE"]])
    user = {name: env.get(name, "") for name in ("eppn", "displayName", "mail")}
    note(os.path.join(world, "log/getcert.jsonl"), {
        "case": case, "method": env["REQUEST_METHOD"], "path": env["REQUEST_URI"], "headers": headers,
        "body": body.decode("utf-8", "replace"), "user": user["eppn"]})
    status, headers, pieces = respond(world, case, env["REQUEST_METHOD"], env.get("HTTP_COOKIE", ""), body, user)
    out = sys.stdout.buffer
    out.write(f"Status: {status}\r\n".encode() + b"".join(f"{k}: {v}\r\n".encode() for k, v in headers) + b"\r\n")
    try:
        for piece in pieces:
            out.write(piece)
        out.flush()
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
