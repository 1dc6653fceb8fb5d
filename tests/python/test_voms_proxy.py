"""The package as it was installed by its wheel; scripts/test-wheel runs this."""

import json
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from datetime import datetime, timedelta, timezone

import voms_proxy

FIXTURES = pathlib.Path(__file__).parents[2] / "fixtures" / "info"
TRUST = {"certdir": FIXTURES / "trust", "vomsdir": FIXTURES / "vomsdir"}
# when the fixtures' proxies were valid
THEN = datetime(2026, 11, 24, 3, 25, 45, tzinfo=timezone.utc)
PROGRAM = pathlib.Path(sys.executable).with_name("voms-proxy")


def proxy(name):
    return (FIXTURES / "proxies" / f"{name}.pem").read_bytes()


class Verification(unittest.TestCase):
    def test_a_credential_says_what_the_command_says(self):
        for path in sorted((FIXTURES / "proxies").glob("*.pem")):
            words = [PROGRAM, "verify", path, "--json", "--at", THEN.isoformat()]
            for name, directory in TRUST.items():
                words += [f"--{name}", directory]
            printed = json.loads(subprocess.run(words, stdout=subprocess.PIPE).stdout)
            with self.subTest(path.name):
                try:
                    user = voms_proxy.verify(path.read_bytes(), now=THEN, **TRUST)
                except voms_proxy.VerificationError as error:
                    codes = [finding["code"] for finding in printed["findings"]]
                    self.assertEqual([finding.code for finding in error.findings], codes)
                    self.assertEqual((error.code, error.help), (codes[0], None))
                else:
                    self.assertEqual(user.to_dict(), printed)

    def test_groups_times_and_vos_are_pythons_own(self):
        user = voms_proxy.verify(proxy("rfc-twovos"), now=THEN, **TRUST)
        self.assertEqual(user.identity, "/C=IT/O=Lab/CN=Ada Lovelace")
        self.assertEqual(len(user.vos), 2)
        self.assertEqual(user.fqans[0], user.primary_fqan)
        self.assertEqual(user.fqans, [fqan for one in user.attributes for fqan in one.fqans])
        self.assertGreater(user.usable_until, THEN)
        self.assertEqual(user.usable_until, min(one.not_after for one in user.attributes))
        plain = voms_proxy.verify(proxy("rfc-noac"), now=THEN, **TRUST)
        self.assertEqual((plain.fqans, plain.primary_fqan, plain.vos), ([], None, []))

    def test_every_finding_has_a_code_and_a_sentence(self):
        with self.assertRaises(voms_proxy.VerificationError) as caught:
            voms_proxy.verify(proxy("rfc-virgo"), now=THEN + timedelta(days=30), **TRUST)
        codes = {finding.code for finding in caught.exception.findings}
        self.assertLessEqual({"expired", "ac-expired"}, codes)
        self.assertTrue(all(finding.message for finding in caught.exception.findings))
        self.assertIsInstance(caught.exception, voms_proxy.Error)

    def test_garbage_is_a_finding(self):
        for data in (b"", b"\0", b"nonsense", b"-----BEGIN CERTIFICATE-----\n", b"0" * 3_000_000):
            with self.assertRaises(voms_proxy.VerificationError) as caught:
                voms_proxy.verify(data, now=THEN, **TRUST)
            self.assertEqual(caught.exception.findings[0].code, "chain-unreadable")

    def test_what_makes_no_sense_is_a_mistake_of_the_caller(self):
        verifier = voms_proxy.Verifier(**TRUST)
        with self.assertRaises(ValueError):
            verifier.verify(proxy("rfc-virgo"), datetime(2026, 11, 24))
        with self.assertRaises(TypeError):
            verifier.verify("text")
        with self.assertRaises(ValueError):
            voms_proxy.Verifier(crl="sometimes", **TRUST)
        with self.assertRaises(FileNotFoundError):
            voms_proxy.Verifier(certdir="/nonexistent", vomsdir="/nonexistent")

    def test_attributes_that_fail_are_left_out_only_if_asked(self):
        empty = {**TRUST, "vomsdir": FIXTURES / "vomsdir-empty"}
        with self.assertRaises(voms_proxy.VerificationError):
            voms_proxy.verify(proxy("rfc-virgo"), now=THEN, **empty)
        user = voms_proxy.Verifier(skip_invalid=True, **empty).verify(proxy("rfc-virgo"), THEN)
        self.assertEqual(user.fqans, [])
        self.assertEqual([finding.code for finding in user.left_out], ["lsc-missing"])

    def test_other_threads_run_while_one_verifies(self):
        verifier, data = voms_proxy.Verifier(**TRUST), proxy("rfc-twovos")
        seen, stop = [], threading.Event()

        def count():
            while not stop.is_set():
                seen.append(time.monotonic())
                time.sleep(0.001)

        def work():
            for _ in range(200):
                self.assertTrue(verifier.verify(data, THEN).fqans)

        others = [threading.Thread(target=work) for _ in range(4)]
        counter = threading.Thread(target=count)
        for thread in [counter, *others]:
            thread.start()
        for thread in others:
            thread.join()
        stop.set()
        counter.join()
        self.assertTrue(seen)


class Program(unittest.TestCase):
    def test_info_is_what_the_command_prints(self):
        shown = voms_proxy.info(proxy("rfc-virgo"))
        self.assertEqual(shown["identity"], "/C=IT/O=Lab/CN=Ada Lovelace")
        self.assertEqual(shown["version"], 1)
        with self.assertRaises(voms_proxy.Error) as caught:
            voms_proxy.info(b"nonsense")
        self.assertRegex(caught.exception.code, "^[a-z-]+$")

    def test_a_proxy_is_made_and_verified(self):
        with tempfile.TemporaryDirectory() as directory:
            path = lambda name: os.path.join(directory, name)  # noqa: E731

            def openssl(*words):
                made = subprocess.run(["openssl", *words], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                return made.stdout.decode().strip()

            key = ["-newkey", "rsa:2048", "-nodes"]
            openssl("req", "-x509", *key, "-subj", "/O=Lab/CN=CA", "-keyout", path("ca.key"), "-out", path("ca"))
            hashed = openssl("x509", "-noout", "-subject_hash", "-in", path("ca"))
            os.rename(path("ca"), path(hashed + ".0"))
            openssl("req", *key, "-subj", "/O=Lab/CN=Me", "-keyout", path("key"), "-out", path("request"))
            ca = ["-CA", path(hashed + ".0"), "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "9"]
            openssl("x509", "-req", "-in", path("request"), *ca, "-out", path("cert"))
            os.chmod(path("key"), 0o400)
            out = path("proxy")
            made = voms_proxy.init(out=out, hours=2, cert=path("cert"), key=path("key"), certdir=directory)
            self.assertEqual(made["version"], 1)
            user = voms_proxy.verify(pathlib.Path(out).read_bytes(), certdir=directory, vomsdir=directory)
            self.assertEqual((user.identity, user.fqans), ("/O=Lab/CN=Me", []))

    def test_failures_survive_on_their_way_between_processes(self):
        with self.assertRaises(voms_proxy.VerificationError) as caught:
            voms_proxy.verify(b"no proxy", certdir="/tmp", vomsdir="/tmp")
        copy = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual([finding.code for finding in copy.findings], [caught.exception.code])
        copy = pickle.loads(pickle.dumps(voms_proxy.Error("code", "message", "help")))
        self.assertEqual((copy.code, str(copy), copy.help), ("code", "message", "help"))

    def test_hosts_are_a_list(self):
        with self.assertRaises(TypeError):
            voms_proxy.verify(b"", certdir="/tmp", vomsdir="/tmp", hosts="example.org")

    def test_a_failure_has_a_code_and_the_next_step(self):
        with self.assertRaises(voms_proxy.Error) as caught:
            voms_proxy.init(voms="virgo", cert="/nonexistent", key="/nonexistent")
        self.assertEqual(caught.exception.code, "file-unreadable")
        self.assertTrue(caught.exception.help)


if __name__ == "__main__":
    unittest.main()
