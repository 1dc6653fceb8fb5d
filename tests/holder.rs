//! `voms-proxy unlock`, in the sandbox: OpenSSL, the kernel and strangers at the socket judge.

#[path = "common/sandboxed.rs"]
mod sandboxed;

use sandboxed::stdout;

/// A key with a passphrase, which is in $D/word; `silent` runs where nobody can be asked.
const LOCKED: &str = r#"
    openssl rsa -aes256 -passout pass:secret -in "$X509_USER_KEY" -out "$D/key" 2>/dev/null
    chmod 600 "$D/key"; export X509_USER_KEY="$D/key"
    echo secret >"$D/word"; chmod 600 "$D/word"
    unlock() { vp unlock --quiet --passphrase-file "$D/word" "$@"; }
    silent() { setsid -w "$@" </dev/null; }
    code() { silent "$@" >"$D/said" 2>&1 && echo 0 || echo $?; }
    holder() { vp init --debug --out "$D/debug" 2>&1 | sed -n 's/.*held by process \([0-9]*\),.*/\1/p'; }
    gone() { for i in $(seq 50); do [ -e "/proc/$1" ] || { echo gone; return; }; sleep 0.1; done; echo there; }
    trap 'vp lock --quiet' EXIT
"#;

#[track_caller]
fn judged(script: &str, wanted: &str) {
    assert_eq!(stdout(&format!("{LOCKED}{script}")), wanted);
}

#[test]
fn one_passphrase_is_enough_for_every_command() {
    judged(
        r#"
        code vp init --voms virgo
        unlock
        echo wrong >"$D/word"
        code vp init --voms virgo
        openssl x509 -in "$D/proxy" -noout -subject | grep -c CN
        vp info --fqan
        code vp init --voms virgo --json; grep -c '"/virgo/virgo/Role=NULL' "$D/said"
        code vp list --voms virgo; grep -c '^/virgo' "$D/said"
        code vp init --voms virgo --separate "$D/acs"; grep -c 'BEGIN' "$D/acs"
        silent vp init --voms virgo --out - 2>/dev/null | grep -c 'PRIVATE KEY'
        code vp init --keep-plain; ls "$D" | grep -c '^proxy'; rm "$D/proxy.plain"
        code vp renew
        code vp run --voms virgo -- "$D/bin/vp" info --exists
        code vp keep --voms virgo --until 2s
        code vp grid-proxy-init; grep -c Done "$D/said"
        vp lock
        code vp init --voms virgo
        code vp lock
        "#,
        "1\n0\n1\n/virgo/Role=NULL/Capability=NULL\n/virgo/virgo/Role=NULL/Capability=NULL\n0\n1\n0\n3\n0\n1\n2\n0\n2\n0\n0\n0\n0\n1\n\
         Locked: your key is no longer held.\n1\n0\n",
    );
}

#[test]
fn what_is_made_is_what_would_be_made_without() {
    let made = |unlock: &str| {
        stdout(&format!(
            r#"{LOCKED}{unlock}
            for options in "" "--voms virgo" "--voms virgo:/virgo/virgo/Role=production --limited" \
                "--old --bits 3072" "--voms virgo --target a.example --draft --path-length 3" \
                "--key-type ec --voms virgo --vomslife 1:00" "--valid 100000:00" "--voms nowhere" \
                "--voms virgo:/virgo/no" "--bits 1024 --json" "--voms virgo:all --json" "--certdir none --voms virgo"
            do
                vp init $options $silent >"$D/out" 2>"$D/err" && echo 0 || echo $?
                vp info --type --strength --path 2>/dev/null || true
                vp info --fqan 2>/dev/null || true
                sed 's/:[0-9]\{{4,5\}}\b/:PORT/; s/"not_after":"[^"]*"//g; s/"usable_until":"[^"]*"//; s/CN=[0-9]*"/CN="/; s/until .*//' \
                    "$D/out" "$D/err"
            done | sed "s|$D|DIR|g; s|/tmp/[^/ ]*/|TMP/|g""#
        ))
    };
    let held = made("unlock; silent=\n");
    let own = made("silent=\"--passphrase-file $D/word\"\n");
    assert!(held.len() > 2000, "{held}");
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&held), lines(&own));
}

#[test]
fn the_key_is_locked_in_memory_and_nobody_reads_it_there() {
    judged(
        r#"
        unlock
        pid=$(holder)
        awk '$1 == "VmLck:" && $2 >= 64 { print "locked" }' "/proc/$pid/status"
        awk '/^Max core file size/ { print $5 }' "/proc/$pid/limits"
        stat -c '%a %F' "$D/voms-proxy" "$D/voms-proxy/holder"
        ls "$D/voms-proxy" | wc -l
        readlink "/proc/$pid/cwd"
        ls -ld "/proc/$pid/fd" | cut -d' ' -f3
        "#,
        "locked\n0\n700 directory\n600 socket\n1\n/\nroot\n",
    );
}

#[test]
fn it_ends_in_time_and_the_next_takes_its_place() {
    judged(
        r#"
        unlock --for 3s
        first=$(holder); [ -n "$first" ] && echo held
        gone "$first"
        ls -A "$D/voms-proxy" | wc -l
        unlock; second=$(holder)
        unlock; third=$(holder)
        [ "$second" != "$third" ] && gone "$second"
        kill "$third"; gone "$third"
        unlock; fourth=$(holder); rm "$D/voms-proxy/holder"; gone "$fourth"
        unlock; fifth=$(holder); kill -9 "$fifth"; gone "$fifth"
        code vp init
        unlock; [ -n "$(holder)" ] && echo held
        code vp unlock --for 0s
        code vp unlock --for never
        "#,
        "held\ngone\n0\ngone\ngone\ngone\ngone\n1\nheld\n1\n1\n",
    );
}

#[test]
fn it_serves_its_own_key_only() {
    judged(
        r#"
        unlock
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /DC=other/CN=Other -keyout "$D/k2" -out "$D/c2" 2>/dev/null
        chmod 600 "$D/k2"
        vp init --cert "$D/c2" --key "$D/k2" --skip-chain-integrity-checks --debug 2>&1 | grep -c 'held by' || true
        openssl x509 -in "$D/proxy" -noout -issuer | grep -c Other
        rm "$D/proxy"; vp init --quiet; code vp unlock --cert "$D/proxy"
        "#,
        "0\n1\n1\n",
    );
}

#[test]
fn without_a_directory_of_its_own_nothing_is_held() {
    judged(
        r#"
        failed() { code "$@"; grep -qw XDG_RUNTIME_DIR "$D/said" && echo named; }
        failed env -u XDG_RUNTIME_DIR "$D/bin/vp" unlock --passphrase-file "$D/word"
        mkdir "$D/open"; chmod 777 "$D/open"
        failed env XDG_RUNTIME_DIR="$D/open" "$D/bin/vp" unlock --passphrase-file "$D/word"
        mkdir -m 755 "$D/voms-proxy"
        failed vp unlock --passphrase-file "$D/word"
        rmdir "$D/voms-proxy"; mkdir "$D/elsewhere"; ln -s "$D/elsewhere" "$D/voms-proxy"
        failed vp unlock --passphrase-file "$D/word"
        ls "$D/elsewhere" | wc -l
        "#,
        "1\nnamed\n1\nnamed\n1\nnamed\n1\nnamed\n0\n",
    );
}

#[test]
fn a_socket_that_is_stale_or_anothers_is_neither_trusted_nor_waited_for() {
    judged(
        r#"
        listen() { python3 -c '
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); os.chmod(sys.argv[1], int(sys.argv[2], 8))
if sys.argv[3] == "silent": s.listen(1)
open(sys.argv[1] + ".up", "w")
time.sleep(60)' "$D/voms-proxy/holder" "$@" & other=$!
            while [ ! -e "$D/voms-proxy/holder.up" ]; do sleep 0.05; done; rm "$D/voms-proxy/holder.up"; }
        tried() {
            start=$(date +%s%N); code vp init --passphrase-file "$D/word"
            [ $(( ($(date +%s%N) - start) / 1000000 )) -lt 20000 ] && echo quick
            kill $other 2>/dev/null || true; rm -f "$D/voms-proxy/holder"; }
        mkdir -m 700 "$D/voms-proxy"
        listen 600 silent; tried
        listen 600 stale; tried
        listen 666 silent; tried
        echo text >"$D/voms-proxy/holder"; chmod 600 "$D/voms-proxy/holder"; other=; tried
        listen 600 silent; unlock; kill $other; [ -n "$(holder)" ] && echo replaced
        "#,
        &format!("{}replaced\n", "0\nquick\n".repeat(4)),
    );
}

#[test]
fn clients_that_misbehave_hold_nobody_up() {
    judged(
        r#"
        unlock; pid=$(holder)
        python3 -c '
import os, socket, sys, time
def at(): s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); return s
idle = [at() for _ in range(20)]
for bad in [b"\xff" * 8, b"\0\0\0\x08\0\0\0\x04mak", os.urandom(100000), b"\0\0\0\x09\0\0\0\x05other", b"\0\0\0\x0c\0\0\0\x04make\0\0\0\x01"]:
    s = at(); 
    try: s.sendall(bad)
    except OSError: pass
    s.close()
print("sent", flush=True); time.sleep(4)' "$D/voms-proxy/holder" >"$D/sent" & bad=$!
        until grep -q sent "$D/sent"; do sleep 0.1; done
        code vp init --voms virgo; [ "$(holder)" = "$pid" ] && echo same
        wait $bad
        "#,
        "0\nsame\n",
    );
}

#[test]
fn another_user_is_turned_away_by_the_holder_itself() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    judged(
        r#"
        unlock
        chmod 711 "$D" "$D/voms-proxy"; chmod 666 "$D/voms-proxy/holder"
        said() { "$@" python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.settimeout(5)
print(len(s.recv(100)) > 0)' "$D/voms-proxy/holder"; }
        said env
        said setpriv --reuid 65534 --clear-groups
        chmod 700 "$D/voms-proxy"; chmod 600 "$D/voms-proxy/holder"
        "#,
        "True\nFalse\n",
    );
}

#[test]
fn a_keeper_goes_on_with_a_key_that_is_held() {
    judged(
        r#"
        unlock
        silent vp keep --quiet --voms virgo --valid 30s --background --pid-file "$D/pid" --log "$D/log"
        for i in $(seq 40); do
            openssl x509 -in "$D/proxy" -noout -checkend 1 >/dev/null || echo expired
            sha256sum <"$D/proxy" >>"$D/seen"; sleep 1
        done
        [ "$(sort -u "$D/seen" | wc -l)" -ge 3 ] && echo renewed
        kill "$(cat "$D/pid")"; cat "$D/log"
        "#,
        "renewed\n",
    );
}

#[test]
fn lock_ends_a_holder_that_does_not_answer_and_never_says_that_there_is_none() {
    judged(
        r#"
        unlock; pid=$(holder)
        kill -STOP "$pid"; code vp lock; [ -e "$D/voms-proxy/holder" ] || echo removed
        kill -CONT "$pid"
        for i in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        kill -0 "$pid" 2>/dev/null || echo ended
        code env -u XDG_RUNTIME_DIR vp lock
        "#,
        "0\nremoved\nended\n1\n",
    );
}
