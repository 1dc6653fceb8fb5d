#!/usr/bin/env python3
"""Asks Globus and LCMAPS themselves for an account.

Questions come on stdin, one a line: {"who": "globus" | "lcmaps" | "ban", "file": path, "identity": name, "fqans": [...]}.
Answers go to stdout, one a line: the account or null. A ban has the account "nobody" if nobody is banned.
"""
import ctypes
import json
import os
import pwd
import sys

libc = ctypes.CDLL(None)


def setenv(name, value):
    libc.setenv(name.encode(), value.encode(), 1)


def globus(question):
    common = ctypes.CDLL("libglobus_common.so.0")
    assist = ctypes.CDLL("libglobus_gss_assist.so.3")
    module = ctypes.c_char.in_dll(assist, "globus_i_gsi_gss_assist_module")
    assert common.globus_module_activate(ctypes.byref(module)) == 0
    setenv("GRIDMAP", question["file"])
    account = ctypes.c_char_p()
    failed = assist.globus_gss_assist_gridmap(question["identity"].encode(), ctypes.byref(account))
    return None if failed or not account.value else account.value.decode()


def lcmaps(question):
    own, directory = question["file"], os.path.dirname(question["file"])
    plugins = {
        "voms": ["voms_localaccount", "-gridmapfile " + own],
        "name": ["localaccount", "-gridmapfile " + own],
        "ban_fqan": ["ban_fqan", "-banmapfile " + own],
        "ban_dn": ["ban_dn", "-banmapfile " + own],
        "anybody": ["localaccount", "-gridmapfile " + directory + "/anybody"],
    }
    if question["who"] == "ban":
        used, policy = ["ban_fqan", "ban_dn", "anybody"], "ban_fqan -> ban_dn\nban_dn -> anybody"
    else:
        # The FQANs first, and then the name.
        used, policy = ["voms", "name", "good"], "voms -> good | name\nname -> good"
    lines = ["path = /usr/lib/lcmaps", 'good = "lcmaps_dummy_good.mod"']
    lines += ['%s = "lcmaps_%s.mod %s"' % (name, *plugins[name]) for name in used if name in plugins]
    with open(directory + "/anybody", "w") as file:
        file.write('"%s" nobody\n' % question["identity"])
    with open(directory + "/lcmaps.db", "w") as file:
        file.write("\n".join(lines) + "\n\npolicy:\n" + policy + "\n")
    setenv("LCMAPS_DB_FILE", directory + "/lcmaps.db")
    library = ctypes.CDLL("liblcmaps.so.0", mode=ctypes.RTLD_GLOBAL)
    log = directory + "/lcmaps.log"
    if library.lcmaps_init_and_logfile(log.encode(), None, ctypes.c_ushort(1)) != 0:
        sys.exit("LCMAPS does not start: " + open(log).read())
    fqans = [fqan.encode() for fqan in question["fqans"]]
    uid, counts = ctypes.c_uint(), (ctypes.c_int(), ctypes.c_int())
    others = [ctypes.c_void_p() for _ in range(3)]
    failed = library.lcmaps_run_with_fqans_and_return_account(
        question["identity"].encode(), (ctypes.c_char_p * len(fqans))(*fqans), len(fqans), None,
        1, (ctypes.c_char_p * 1)(b"policy"), ctypes.byref(uid), ctypes.byref(others[0]),
        ctypes.byref(counts[0]), ctypes.byref(others[1]), ctypes.byref(counts[1]), ctypes.byref(others[2]))
    return None if failed else pwd.getpwuid(uid.value).pw_name


def main():
    for line in sys.stdin:
        question = json.loads(line)
        # Both keep what they read, so each question has a process of its own.
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            answer = globus(question) if question["who"] == "globus" else lcmaps(question)
            os.write(write, json.dumps(answer).encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as answer:
            text = answer.read()
        _, status = os.waitpid(child, 0)
        if status != 0:
            sys.exit("no answer to " + line)
        print(text, flush=True)


main()
