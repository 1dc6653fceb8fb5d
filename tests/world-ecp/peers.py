#!/usr/bin/python3
"""Peers that misbehave, or behave in an unusual way: IdPs at /idp/CASE[/TAG]/SAML2/SOAP/ECP, SPs at /sp/CASE[/TAG]/getcert,
lists of IdPs at /list/CASE[/TAG]. A case that is a number is a status with a page. A TAG is the test's own, to find its
requests in the log by. Everything that is asked for, here or elsewhere on these ports, makes a JSON line there before it is
answered: listener, method, path, headers (pairs), body; or what went wrong instead of a request.

usage: peers.py FILE (written by `up`)
       peers.py cases idp|sp|list
"""
import base64
import http.client
import http.server
import json
import os
import re
import socketserver
import ssl
import sys
import threading
import time
import zlib
from xml.sax.saxutils import escape, quoteattr, unescape

import getcert

PATIENCE = 600  # seconds after which even those that hang give up
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ECP = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"
PAOS = "urn:liberty:paos:2003-08"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
NEXT = "http://schemas.xmlsoap.org/soap/actor/next"
PAOS_TYPE = "application/vnd.paos+xml"
RELAY_STATE = "ss:mem:<&>'\" ü"
HTML = "<html><body><br><form action='/login'>Please log in.</form></body></html>"

# Each case is a function of the request; its text is for the reader of README.md
IDP, SP, LIST = {}, {}, {}


def case(cases, name):
    def add(function):
        cases[name] = function
        return function
    return add


class Gone(Exception):
    """There is nothing more to say to this client"""


# --- IdPs ------------------------------------------------------------------------------------------------------------
def consumer(request):
    """AssertionConsumerServiceURL and ID of the AuthnRequest that was posted"""
    text = request.body.decode("utf-8", "replace")
    acs = re.search(r"AssertionConsumerServiceURL\s*=\s*[\"']([^\"']*)", text)
    ident = re.search(r"<[^>]*AuthnRequest\b[^>]*\bID\s*=\s*[\"']([^\"']*)", text)
    return unescape(acs.group(1)) if acs else "", ident.group(1) if ident else "_none"


def response(request, code="Success", second=None, message=""):
    acs, ident = consumer(request)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    nested = f"<samlp:StatusCode Value='{STATUS}{second}'/>" if second else ""
    said = f"<samlp:StatusMessage>{escape(message)}</samlp:StatusMessage>" if message else ""
    issuer = "<saml:Issuer>https://login.ligo.org/idp/shibboleth</saml:Issuer>"
    assertion = "" if code != "Success" else (
        f"<saml:Assertion ID='_a{time.time_ns()}' Version='2.0' IssueInstant='{now}'>{issuer}"
        "<saml:Subject><saml:NameID>forged</saml:NameID></saml:Subject></saml:Assertion>")
    return (f"<samlp:Response xmlns:samlp='{SAMLP}' xmlns:saml='{SAML}' ID='_r{time.time_ns()}' Version='2.0' "
            f"IssueInstant='{now}' InResponseTo='{ident}' Destination={quoteattr(acs)}>"
            f"{issuer}<samlp:Status><samlp:StatusCode Value='{STATUS}{code}'>{nested}</samlp:StatusCode>{said}</samlp:Status>"
            f"{assertion}</samlp:Response>")


def ecp_response(acs):
    return (f"<ecp:Response xmlns:ecp='{ECP}' S:mustUnderstand='1' S:actor='{NEXT}'"
            f" AssertionConsumerServiceURL={quoteattr(acs)}/>")


def envelope(header, body):
    return f"<S:Envelope xmlns:S='{SOAP}'><S:Header>{header}</S:Header><S:Body>{body}</S:Body></S:Envelope>"


def success(request, acs=None, inside=""):
    return envelope(ecp_response(consumer(request)[0] if acs is None else acs) + inside, response(request))


@case(IDP, "forged")
def _(r):
    r.xml(success(r))


@case(IDP, "other-host")
def _(r):
    r.xml(success(r, f"{r.stolen()}{r.path}"))


@case(IDP, "other-path")
def _(r):
    r.xml(success(r, consumer(r)[0] + "/"))


@case(IDP, "http")
def _(r):
    r.xml(success(r, re.sub("^https:", "http:", consumer(r)[0])))


@case(IDP, "two-headers")
def _(r):
    r.xml(success(r, inside=ecp_response(r.stolen() + r.path)))


@case(IDP, "no-acs")
def _(r):
    r.xml(success(r).replace(" AssertionConsumerServiceURL=", " Elsewhere="))


@case(IDP, "no-header")
def _(r):
    r.xml(f"<S:Envelope xmlns:S='{SOAP}'><S:Body>{response(r)}</S:Body></S:Envelope>")


@case(IDP, "no-body")
def _(r):
    r.xml(envelope(ecp_response(consumer(r)[0]), ""))


@case(IDP, "two-bodies")
def _(r):
    body = f"<S:Body>{response(r)}</S:Body>"
    r.xml(success(r).replace("</S:Body>", "</S:Body>" + body))


@case(IDP, "doctype")
def _(r):
    r.xml("<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
          + success(r).replace(">forged<", ">&b;<"))


@case(IDP, "doctype-external")
def _(r):
    r.xml(f"<!DOCTYPE x [<!ENTITY a SYSTEM '{r.stolen()}{r.path}'>]>" + success(r).replace(">forged<", ">&a;<"))


@case(IDP, "html")
def _(r):
    r.answer(200, "text/html", HTML)


@case(IDP, "xhtml")
def _(r):
    r.answer(200, "text/html", "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body/></html>")


@case(IDP, "fault")
def _(r):
    r.xml(f"<S:Envelope xmlns:S='{SOAP}'><S:Body><S:Fault><faultcode>S:Server</faultcode>"
          "<faultstring>The World has no such user.</faultstring></S:Fault></S:Body></S:Envelope>")


@case(IDP, "fault-500")
def _(r):
    r.xml(f"<S:Envelope xmlns:S='{SOAP}'><S:Body><S:Fault><faultcode>S:Client</faultcode>"
          "<faultstring>The World does not know this service.</faultstring></S:Fault></S:Body></S:Envelope>", status=500)


@case(IDP, "failed")
def _(r):
    r.xml(envelope(ecp_response(consumer(r)[0]), response(r, "Responder", "AuthnFailed")))


@case(IDP, "denied")
def _(r):
    # with a control character in it that XML allows, and terminals obey
    said = "Ask <the> \u009b31mhelp desk."
    r.xml(envelope(ecp_response(consumer(r)[0]), response(r, "Requester", "RequestDenied", said)))


@case(IDP, "long-status")
def _(r):
    text = response(r, "x" * 5000, "y" * 5000)
    nested = re.search("<samlp:StatusCode [^>]*/>", text).group(0)
    r.xml(envelope(ecp_response(consumer(r)[0]), text.replace(nested, nested * 20)))


@case(IDP, "success-in-failure")
def _(r):
    r.xml(envelope(ecp_response(consumer(r)[0]), response(r, "Responder", "Success")))


@case(IDP, "garbage")
def _(r):
    r.answer(200, "text/xml", b"<S:Envelope \x00\xff\xfe")


@case(IDP, "truncated")
def _(r):
    text = success(r).encode()
    r.answer(200, "text/xml", text[:len(text) // 2], ("Content-Length", str(len(text))))


@case(IDP, "unclosed")
def _(r):
    r.xml(success(r).replace("</S:Header>", ""))


@case(IDP, "deep")
def _(r):
    r.xml(success(r).replace(">forged<", ">" + "<x>" * 100000 + "</x>" * 100000 + "<"))


@case(IDP, "large")
def _(r):
    r.xml(success(r).replace(">forged<", ">" + "x" * 8_000_000 + "<"))


@case(IDP, "empty")
def _(r):
    r.answer(200, "text/xml", b"")


@case(IDP, "endless")
def _(r):
    r.stream("text/xml", f"<S:Envelope xmlns:S='{SOAP}'><S:Header/><S:Body><!-- ".encode(), b"x" * 65536)


@case(IDP, "endless-header")
def _(r):
    r.start(200, [("Content-Type", "text/xml")])
    r.stream_raw(b"X-World: " + b"x" * 1000 + b"\r\n")


@case(IDP, "slow")
def _(r):
    r.stream("text/xml", f"<S:Envelope xmlns:S='{SOAP}'><S:Header/><S:Body><!-- ".encode(), b"x", pause=1)


@case(IDP, "hang")
def _(r):
    r.hang()


@case(IDP, "close")
def _(r):
    r.close_connection = True


@case(IDP, "redirect")
def _(r):
    r.answer(302, "text/html", "", ("Location", r.stolen() + r.path))


@case(IDP, "redirect-307")
def _(r):
    r.answer(307, "text/html", "", ("Location", r.stolen() + r.path))


@case(IDP, "redirect-http")
def _(r):
    r.answer(307, "text/html", "", ("Location", r.server.config["http"] + r.path))


@case(IDP, "401")
def _(r):
    r.answer(401, "text/html", "<html><body>401</body></html>", ("WWW-Authenticate", 'Basic realm="World"'))


@case(IDP, "401-negotiate")
def _(r):
    r.answer(401, "text/html", "<html><body>401</body></html>", ("WWW-Authenticate", "Negotiate"),
             ("WWW-Authenticate", 'Basic realm="World"'))


@case(IDP, "bad-mutual")
def _(r):
    token = base64.b64encode(b"\xa1\x14\x30\x12\xa0\x03\x0a\x01\x00\xa2\x0b\x04\x09nonsense!").decode()
    r.xml(success(r), ("WWW-Authenticate", "Negotiate " + token))


# The next ones let the real IdP answer, and only dress it differently: a client must succeed with them.
def relayed(r):
    """The samlp:Response that the real IdP gave, byte for byte, and the ACS URL it named"""
    real = r.server.config["real"]
    context = ssl.create_default_context(cafile=real["ca"])
    connection = http.client.HTTPSConnection("127.0.0.1", real["port"], context=context, timeout=30)
    headers = {k: v for k, v in r.headers.items() if k.lower() in ("authorization", "content-type")}
    connection.request("POST", real["path"], r.body, headers)
    reply = connection.getresponse()
    answer = reply.read().decode()
    connection.close()
    body = re.search(r"<SOAP-ENV:Body>(.*)</SOAP-ENV:Body>", answer, re.S)
    acs = re.search(r"AssertionConsumerServiceURL=\"([^\"]*)", answer)
    if not body or not acs:
        r.answer(reply.status, reply.headers.get_content_type(), answer)
        raise Gone
    return body.group(1), unescape(acs.group(1))


@case(IDP, "java")
def _(r):
    body, acs = relayed(r)
    attributes = f'soap11:actor="{NEXT}" soap11:mustUnderstand="1"'
    r.xml(f'<?xml version="1.0" encoding="UTF-8"?>\n<soap11:Envelope xmlns:soap11="{SOAP}"><soap11:Header>'
          f'<ecp:Response xmlns:ecp="{ECP}" AssertionConsumerServiceURL={quoteattr(acs)} {attributes}/>'
          f'<ecp:RequestAuthenticated xmlns:ecp="{ECP}" soap11:actor="{NEXT}"/>'
          f'<samlec:GeneratedKey xmlns:samlec="urn:ietf:params:xml:ns:samlec" soap11:actor="{NEXT}">d29ybGQ='
          f'</samlec:GeneratedKey></soap11:Header><soap11:Body>{body}</soap11:Body></soap11:Envelope>')


@case(IDP, "default-namespace")
def _(r):
    body, acs = relayed(r)
    r.xml(f'<Envelope xmlns="{SOAP}"><Header><e:Response xmlns:e="{ECP}" xmlns:q="{SOAP}" q:mustUnderstand="1" '
          f'q:actor="{NEXT}" AssertionConsumerServiceURL={quoteattr(acs)}/></Header><Body>{body}</Body></Envelope>')


@case(IDP, "byte-order-mark")
def _(r):
    body, acs = relayed(r)
    r.xml("\ufeff" + envelope(ecp_response(acs), body))


@case(IDP, "odd")
def _(r):
    body, acs = relayed(r)
    r.xml(f"\n<!-- <S:Header> --><?world <S:Body>?>\n<S:Envelope\n xmlns:S = '{SOAP}' ><!-- </S:Header> -->\n<S:Header\n>"
          f"<x:Note xmlns:x='urn:x' about='>'><![CDATA[</S:Header><S:Body>]]></x:Note>"
          f"<S:Response xmlns:S='{ECP}' AssertionConsumerServiceURL={quoteattr(acs)}></S:Response>"
          f"<ecp:RelayState xmlns:ecp='{ECP}'>not the SP's</ecp:RelayState></S:Header\n>"
          f"<S:Body >{body}</S:Body ></S:Envelope >\n")


# --- SPs -------------------------------------------------------------------------------------------------------------
# Those that are an SP at all believe every Response which comes as the profile says, and then are the certificate service
# for a user of their own.
def sp_url(r, what):
    return f"https://{r.headers['Host']}{r.base}/{what}"


def paos(r, consumer_url=None, acs=None, header="", relay=True, issuer="https://cilogon.org/shibboleth"):
    acs_url = sp_url(r, "acs")
    state = f"<ecp:RelayState xmlns:ecp='{ECP}' S:mustUnderstand='1' S:actor='{NEXT}'>{escape(RELAY_STATE)}</ecp:RelayState>"
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    ident = f" messageID='_m{zlib.crc32(r.base.encode())}'" if r.case == "message-id" else ""
    text = envelope(
        f"<paos:Request xmlns:paos='{PAOS}' S:mustUnderstand='1' S:actor='{NEXT}'{ident} service='{ECP}'"
        f" responseConsumerURL={quoteattr(consumer_url or acs_url)}/>"
        f"<ecp:Request xmlns:ecp='{ECP}' S:mustUnderstand='1' S:actor='{NEXT}' IsPassive='0'>"
        f"<saml:Issuer xmlns:saml='{SAML}'>{issuer}</saml:Issuer></ecp:Request>{state if relay else ''}",
        f"<samlp:AuthnRequest xmlns:samlp='{SAMLP}' AssertionConsumerServiceURL={quoteattr(acs or acs_url)}"
        f" ID='_q{time.time_ns()}' IssueInstant='{now}' ProtocolBinding='urn:oasis:names:tc:SAML:2.0:bindings:PAOS'"
        f" Version='2.0'><saml:Issuer xmlns:saml='{SAML}'>{issuer}</saml:Issuer></samlp:AuthnRequest>")
    return text


def as_paos(r, text):
    r.answer(200, PAOS_TYPE, text, ("Set-Cookie", "_world_before=1; path=/; secure; HttpOnly"))


def wrong_with_response(r, relay=True):
    """What an SP finds wrong with a posted Response, and a lenient one overlooks"""
    text = r.body.decode("utf-8", "replace")
    head = re.search(r"<([\w-]+:)?Header\b.*?</([\w-]+:)?Header\s*>", text, re.S)
    state = head and re.search(r"<([^>]*RelayState[^>]*)>([^<]*)<", head.group(0))
    if r.headers.get_content_type() != PAOS_TYPE:
        return "the media type"
    if "_world_before=1" not in r.headers.get("Cookie", ""):
        return "no cookie of the first answer"
    if "Fault" in text or "Response" not in text:
        return "no Response"
    if relay and not state:
        return "no RelayState"
    if relay and unescape(state.group(2), {"&apos;": "'", "&quot;": '"'}) != RELAY_STATE:
        return "another RelayState"
    if relay and not ("mustUnderstand" in state.group(1) and NEXT in state.group(1)):
        return "a RelayState that need not be understood"
    if r.case == "message-id" and f"_m{zlib.crc32(r.base.encode())}" not in text:
        return "no refToMessageID"
    return ""


def acs(r):
    wrong = wrong_with_response(r, relay=r.case != "no-relay-state")
    if r.case == "acs-500" or wrong:
        r.answer(500, "text/html", f"<html><body><p>The Response was not accepted: {wrong or 'never'}.</p></body></html>")
        return
    cookie = ("Set-Cookie", f"_shibsession_{'77' * 16}=_{'0' * 32}; path=/; secure; HttpOnly")
    if r.case == "acs-200":
        r.answer(200, "text/html", "<html><body>Welcome.</body></html>", cookie)
    elif r.case == "acs-no-cookie":
        r.answer(302, "text/html", "", ("Location", sp_url(r, "getcert")))
    elif r.case == "acs-deletion":
        gone = "_shibsession_" + "77" * 16 + "=; path=/; secure; expires=Thu, 01 Jan 1970 00:00:00 GMT"
        r.answer(302, "text/html", "", ("Location", sp_url(r, "getcert")), ("Set-Cookie", gone))
    elif r.case == "acs-redirect":
        r.answer(302, "text/html", "", ("Location", r.stolen() + r.path), cookie)
    else:
        r.answer(302, "text/html", "", ("Location", sp_url(r, "getcert")), cookie)


def service(r):
    if "_shibsession_" not in r.headers.get("Cookie", ""):
        return False
    user = {"eppn": "albert.einstein@LIGO.ORG", "displayName": "Albert Einstein"}
    status, headers, pieces = getcert.respond(r.server.config["world"], "getcert", r.command, r.headers.get("Cookie", ""),
                                              r.body, user)
    r.answer(status, headers[0][1], b"".join(pieces))
    return True


def polite(name, **how):
    @case(SP, name)
    def _(r):
        if not service(r):
            as_paos(r, paos(r, **how))


for name in ("ok", "message-id", "acs-500", "acs-200", "acs-no-cookie", "acs-deletion", "acs-redirect"):
    polite(name)
polite("no-relay-state", relay=False)


@case(SP, "foreign-consumer")
def _(r):
    as_paos(r, paos(r, consumer_url=r.stolen() + r.path, acs=r.stolen() + r.path))


@case(SP, "http-consumer")
def _(r):
    url = r.server.config["http"] + r.path
    as_paos(r, paos(r, consumer_url=url, acs=url))


@case(SP, "two-consumers")
def _(r):
    as_paos(r, paos(r, acs=r.stolen() + r.path))


@case(SP, "html")
def _(r):
    r.answer(200, "text/html", HTML)


@case(SP, "html-session")
def _(r):
    r.answer(200, "text/html", HTML, ("Set-Cookie", f"_shibsession_{'77' * 16}=_0; path=/; secure"))


@case(SP, "garbage")
def _(r):
    r.answer(200, PAOS_TYPE, b"\x00\x01 no envelope \xff")


@case(SP, "empty")
def _(r):
    r.answer(200, PAOS_TYPE, b"")


@case(SP, "doctype")
def _(r):
    r.answer(200, PAOS_TYPE, "<!DOCTYPE x [<!ENTITY a 'a'>]>" + paos(r))


@case(SP, "no-request")
def _(r):
    r.answer(200, PAOS_TYPE, re.sub("<paos:Request.*?/>", "", paos(r)))


@case(SP, "fault")
def _(r):
    IDP["fault"](r)


@case(SP, "redirect")
def _(r):
    r.answer(302, "text/html", "", ("Location", r.stolen() + r.path))


@case(SP, "redirect-http")
def _(r):
    r.answer(302, "text/html", "", ("Location", r.server.config["http"] + r.path))


@case(SP, "redirect-login")
def _(r):
    r.answer(302, "text/html", "", ("Location", "https://login.ligo.org/idp/profile/SAML2/Redirect/SSO?SAMLRequest=fVLL"))


@case(SP, "endless")
def _(r):
    r.stream(PAOS_TYPE, f"<S:Envelope xmlns:S='{SOAP}'><S:Header/><S:Body><!-- ".encode(), b"x" * 65536)


SP["hang"], SP["slow"], SP["close"] = IDP["hang"], IDP["slow"], IDP["close"]

# --- Lists of IdPs ---------------------------------------------------------------------------------------------------
LIST.update({name: IDP[name] for name in ("html", "empty", "redirect", "hang", "slow", "close")})


@case(LIST, "garbage")
def _(r):
    r.answer(200, "text/plain", b"\x00\x01\xff\xfe" * 100)


@case(LIST, "endless")
def _(r):
    r.stream("text/plain", b"", b"https://rogue.world.example/idp/forged/SAML2/SOAP/ECP Name\n" * 1000)


@case(LIST, "odd")
def _(r):
    r.answer(200, "text/plain", "\ufeff# no comment is known\r\n\r\n   \r\nhttps://a.world.example/SAML2/SOAP/ECP\r\n"
             "http://b.world.example/SAML2/SOAP/ECP Without TLS\r\n"
             "https://c.world.example/SAML2/SOAP/ECP\tUniversit\u00e9 \u009b31m of the World\r\n"
             "https://login.ligo.org/idp/profile/SAML2/SOAP/ECP   Odd but usable  \r\n")


# --- The server ------------------------------------------------------------------------------------------------------
class Request(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        pass

    def note(self, **record):
        getcert.note(self.server.config["log"], {"listener": self.server.name, **record})

    def handle(self):
        try:
            if self.server.mute:
                self.note(method="", path="", headers=[], body="", error="silence")
                self.hang()
            if self.server.context:
                self.request.settimeout(self.timeout)
                self.request.do_handshake()
            super().handle()
        except (OSError, ssl.SSLError) as error:
            self.note(method="", path="", headers=[], body="", error=str(error))
        except Gone:
            pass

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_GET(self):
        self.body = self.read_body()
        try:
            body = {"body": self.body.decode()}
        except UnicodeDecodeError:
            body = {"body": "", "base64": base64.b64encode(self.body).decode()}
        self.note(method=self.command, path=self.path, headers=[list(h) for h in self.headers.items()], **body)
        kind, *rest = self.path.split("?")[0].strip("/").split("/")
        self.case = self.server.always or (rest[0] if rest else "")
        cases = {"idp": IDP, "sp": SP, "list": LIST}.get(kind, {})
        if self.server.name == "http" or kind == "stolen" or self.headers.get("Host", "").startswith("stolen."):
            self.answer(200, "text/plain", "Thank you.\n")
        elif kind == "sp" and rest[-1:] == ["acs"] and self.case in SP:
            self.base = "/" + "/".join([kind, *rest[:-1]])
            acs(self)
        elif self.case in cases or self.server.always in IDP:
            self.base = "/" + "/".join([kind, *rest[:-1]])
            (cases.get(self.case) or IDP[self.case])(self)
        elif self.case.isdigit():
            self.answer(int(self.case), "text/html", f"<html><body><h1>{self.case}</h1></body></html>")
        else:
            self.answer(404, "text/html", "<html><body><h1>404</h1></body></html>")

    do_POST = do_PUT = do_HEAD = do_GET

    def stolen(self):
        """Where nothing that a client has should ever arrive"""
        name = self.headers.get("Host", "").split(":")[0]
        return self.server.config["stolen"].get(name, "https://stolen.world.example")

    def start(self, status, headers):
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.flush_headers()

    def answer(self, status, kind, body, *headers):
        body = body if isinstance(body, bytes) else body.encode()
        headers = [("Content-Type", kind), *headers]
        if not any(name == "Content-Length" for name, _ in headers):
            headers.append(("Content-Length", str(len(body))))
        else:
            self.close_connection = True
        self.start(status, headers)
        self.end_headers()
        self.wfile.write(body)

    def xml(self, text, *headers, status=200):
        self.answer(status, "text/xml; charset=utf-8", text, *headers)

    def stream(self, kind, first, more, pause=0.002):
        self.start(200, [("Content-Type", kind), ("Connection", "close")])
        self.end_headers()
        self.wfile.write(first)
        self.stream_raw(more, pause)

    def stream_raw(self, more, pause=0.002):
        end = time.monotonic() + PATIENCE
        self.close_connection = True
        while time.monotonic() < end:
            self.wfile.write(more)
            time.sleep(pause)  # without any it would take all of a processor

    def hang(self):
        self.connection.settimeout(PATIENCE)
        while self.connection.recv(65536):
            pass
        self.close_connection = True
        raise Gone


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, name, config):
        listener = config["listeners"][name]
        self.name, self.config = name, config
        self.always, self.mute = listener.get("always"), listener.get("mute")
        self.context = None
        if "tls" in listener:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            base = os.path.join(config["world"], "web", listener["tls"])
            self.context.load_cert_chain(base + ".pem", base + ".key")
        super().__init__(("127.0.0.1", listener["port"]), Request)

    def get_request(self):
        connection, address = self.socket.accept()
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, *_):
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handle_error(*_)


def main():
    if sys.argv[1:2] == ["cases"]:
        print(*{"idp": IDP, "sp": SP, "list": LIST}[sys.argv[2]], sep="\n")
        return
    with open(sys.argv[1]) as f:
        config = json.load(f)
    servers = [Server(name, config) for name in config["listeners"]]
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
