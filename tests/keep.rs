//! Proxies that are renewed, in the sandbox: OpenSSL and the file system judge.

#[path = "common/sandboxed.rs"]
mod sandboxed;

use sandboxed::stdout;

#[test]
fn a_proxy_that_is_good_is_left_alone_and_any_other_is_not() {
    let out = stdout(
        r#"
        state() { stat -c '%i %Y' "$D/proxy"; }
        vp init --quiet --voms virgo --valid 1:00
        vp renew --out "$D/other" 2>/dev/null || [ ! -e "$D/other" ]
        tried() { before=$(state); vp init --quiet --valid 1:00 "$@"; [ "$before" = "$(state)" ] && echo same || echo new; }
        tried --voms virgo --if-needed
        tried --voms virgo --if-needed=0:30
        tried --if-needed
        tried --voms virgo --if-needed=2:00
        tried --voms virgo:/virgo/virgo/Role=production --if-needed
        tried --voms virgo:/virgo/virgo/Role=production --if-needed
        tried --voms virgo --if-needed
        tried --voms virgo --limited --if-needed
        tried --voms virgo --limited --bits 3072 --if-needed
        tried --voms virgo --limited --bits 3072 --reuse
        tried --voms virgo --key-type ec --if-needed
        "#,
    );
    let verdicts: Vec<&str> = out.lines().collect();
    // The role came first before, but only /virgo is asked for then.
    assert_eq!(
        verdicts,
        [
            "same", "same", "same", "new", "new", "same", "new", "new", "new", "same", "new"
        ]
    );
}

#[test]
fn renewing_makes_the_same_proxy_and_says_how_it_went() {
    let out = stdout(
        r#"
        shown() { vp info --type --strength; vp info --fqan 2>/dev/null || true; }
        for options in "--voms virgo" "--voms virgo:/virgo/virgo/Role=production --limited"             "--old --bits 3072" "--voms virgo:/virgo/virgo --voms virgo:/virgo --draft --path-length 3"
        do
            vp init --quiet --valid 2:00 $options
            before=$(shown); serial=$(openssl x509 -in "$D/proxy" -noout -pubkey)
            vp renew --quiet; echo "$?"
            [ "$before" = "$(shown)" ] && echo same
            [ "$serial" = "$(openssl x509 -in "$D/proxy" -noout -pubkey)" ] || echo fresh
            openssl x509 -in "$D/proxy" -noout -checkend 7100 >&2 && echo long
            openssl x509 -in "$D/proxy" -noout -checkend 7300 >&2 || echo short
        done
        code() { "$@" >"$D/said" 2>&1 && echo 0 || echo $?; }
        vp init --quiet --voms virgo --valid 2:00
        code vp renew --if-needed
        echo '"virgo" "localhost" "1" "/CN=nowhere" "virgo"' >"$D/dead"
        code vp renew --vomses "$D/dead"
        code vp info --exists
        rm "$D/proxy"
        code vp renew
        "#,
    );
    let each = "0\nsame\nfresh\nlong\nshort\n";
    assert_eq!(out, format!("{}3\n4\n0\n1\n", each.repeat(4)));
}

#[test]
fn a_proxy_is_usable_no_longer_than_its_attributes() {
    let out = stdout(
        r#"
        code() { vp info "$@" && echo 0 || echo $?; }
        vp init --quiet --voms virgo --valid 4:00 --vomslife 1:00 2>/dev/null
        code --valid 3:00
        code --usable-for 3:00
        code --usable-for 0:30
        code --usable-for 30s
        "#,
    );
    assert_eq!(out, "0\n1\n0\n0\n");
}

#[test]
fn a_plain_proxy_beside_renews_without_the_users_key() {
    let out = stdout(
        r#"
        vp init --quiet --voms virgo --valid 1:00 --keep-plain
        grep -l 'PRIVATE KEY' "$D"/proxy* | wc -l
        stat -c %a "$D/proxy.plain"
        vp info --file "$D/proxy.plain" --fqan 2>/dev/null || true
        export X509_USER_CERT="$D/none" X509_USER_KEY="$D/none"
        vp renew --quiet && vp info --fqan
        vp renew --quiet --from "$D/proxy.plain" && echo again
        "#,
    );
    assert_eq!(
        out,
        "2\n600\n/virgo/Role=NULL/Capability=NULL\n/virgo/virgo/Role=NULL/Capability=NULL\nagain\n"
    );
}

#[test]
fn a_command_gets_a_proxy_of_its_own_and_its_end_is_passed_on() {
    let out = stdout(
        r#"
        code() { "$@" 2>>"$D/errors" && echo 0 || echo $?; }
        code vp run --voms virgo -- sh -c 'vp=$D/bin/vp; $vp info --fqan; [ "$X509_USER_PROXY" != "$D/proxy" ]; stat -c %a "$X509_USER_PROXY"; exit 7'
        code vp run -- sh -c 'kill -TERM $$'
        code vp run -- "$D/no-such-command"
        code vp run -- "$D/script/x"
        code vp run -- "$D"
        code vp run --voms nowhere -- echo started
        find "$D" -name 'voms-proxy-run*' | wc -l
        "#,
    );
    let fqans = "/virgo/Role=NULL/Capability=NULL\n/virgo/virgo/Role=NULL/Capability=NULL\n";
    assert_eq!(out, format!("{fqans}600\n7\n143\n127\n126\n126\n1\n0\n"));
}

#[test]
fn signals_reach_the_command() {
    let out = stdout(
        r#"
        vp run -- sh -c 'trap "echo caught; exit 5" USR1; touch "$D/up"; while :; do sleep 0.1; done' &
        while [ ! -e "$D/up" ]; do sleep 0.1; done
        kill -USR1 $!
        wait $! || echo $?
        "#,
    );
    assert_eq!(out, "caught\n5\n");
}

#[test]
fn a_keeper_mends_its_file_is_alone_and_stops_cleanly() {
    let out = stdout(
        r#"
        vp keep --quiet --voms virgo --valid 20s --background --pid-file "$D/pid" --log "$D/log"
        good() { openssl x509 -in "$D/proxy" -noout -checkend 1 >/dev/null 2>&1; }
        good && echo good
        mended() { for i in $(seq 100); do good && { echo mended; return; }; sleep 0.2; done; }
        rm "$D/proxy"; mended
        echo garbage >"$D/proxy"; mended
        vp keep --voms virgo 2>"$D/other" || echo $?
        kill "$(cat "$D/pid")"
        for i in $(seq 100); do [ -e "$D/pid" ] || break; sleep 0.1; done
        [ -e "$D/pid" ] || echo stopped
        good && echo left
        cat "$D/log"
        ls -A "$D" | grep -c keeper || true
        "#,
    );
    assert_eq!(out, "good\nmended\nmended\n1\nstopped\nleft\n0\n");
}

#[test]
fn a_keeper_stops_when_the_time_has_come() {
    let out = stdout(
        r#"
        vp keep --quiet --until 2s && echo 0
        vp keep --until yesterday 2>/dev/null || echo $?
        "#,
    );
    assert_eq!(out, "0\n1\n");
}

#[test]
fn a_proxy_is_valid_for_a_job_of_several_lives() {
    let out = stdout(
        r#"
        vp run --voms virgo --valid 30s -- sh -c '
            for i in $(seq 90); do
                openssl x509 -in "$X509_USER_PROXY" -noout -checkend 0 >/dev/null || echo expired
                sha256sum <"$X509_USER_PROXY" >>"$D/seen"
                sleep 0.5
            done'
        sort -u "$D/seen" | wc -l
        "#,
    );
    let proxies: usize = out.trim().parse().unwrap();
    assert!(proxies >= 3, "{out}");
}

#[test]
fn passphrases_come_from_files_and_commands_that_only_the_user_controls() {
    let out = stdout(
        r#"
        code() { "$@" >/dev/null 2>"$D/said" && echo 0 || echo $?; }
        openssl rsa -aes256 -passout pass:secret -in "$X509_USER_KEY" -out "$D/key" 2>/dev/null
        chmod 600 "$D/key"; export X509_USER_KEY="$D/key"
        echo secret >"$D/word"; chmod 600 "$D/word"
        code vp init --passphrase-file "$D/word"
        code vp init --passphrase-command "cat '$D/word'"
        code vp init --passphrase-fd 5 5<"$D/word"
        code vp renew --passphrase-file "$D/word"
        code vp run --passphrase-file "$D/word" -- true
        chmod 640 "$D/word"
        code vp init --passphrase-file "$D/word"
        grep -q "$D/word" "$D/said" && echo named
        code vp init --passphrase-command "echo wrong"
        code vp init --passphrase-command "exit 3"
        code vp init --passphrase-file "$D/word" --pwstdin
        "#,
    );
    assert_eq!(out, "0\n0\n0\n0\n0\n1\nnamed\n1\n1\n1\n");
}

#[test]
fn a_plain_proxy_with_a_passphrase_is_opened_once() {
    let out = stdout(
        r#"
        vp init --quiet --valid 2:00 --out "$D/plain"
        { openssl x509 -in "$D/plain"; openssl rsa -aes256 -passout pass:secret -in "$D/plain" 2>/dev/null
          sed -n '/END .*PRIVATE/,$p' "$D/plain" | sed 1d; } >"$D/locked"
        chmod 600 "$D/locked"
        code() { setsid -w "$@" </dev/null 2>"$D/said" && echo 0 || echo $?; }
        code vp keep --from "$D/locked" --voms virgo --until 2s
        code vp run --from "$D/locked" -- echo started
        code vp renew "$D/plain" --from "$D/locked"
        echo 'echo >>"$D/asked"; echo secret' >"$D/ask"
        code vp run --from "$D/locked" --valid 8s --passphrase-command 'sh "$D/ask"' -- sh -c '
            for i in $(seq 14); do sha256sum <"$X509_USER_PROXY" >>"$D/seen"; sleep 1; done'
        [ "$(sort -u "$D/seen" | wc -l)" -ge 3 ] && echo renewed
        wc -l <"$D/asked"
        "#,
    );
    assert_eq!(out, "1\n1\n4\n0\nrenewed\n1\n");
}

/// Those that need no root; `clock` has a sandbox of its own.
#[test]
fn a_job_of_several_lives_survives_every_fault() {
    let runs = [&["none", "server", "kill", "file", "two"][..], &["clock"]].map(|faults| {
        std::process::Command::new("scripts/test-long-jobs")
            .args(["--program", env!("CARGO_BIN_EXE_voms-proxy")])
            .args(["--lives", "3", "--life", "40"])
            .args(faults)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    });
    for run in runs {
        let ended = run.wait_with_output().unwrap();
        let shown = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success(), "{shown}");
    }
}

#[test]
fn systemd_accepts_the_units() {
    let out = stdout(
        r#"
        vp keep --install-timer --dry-run --voms virgo | grep -c '^# /'
        vp keep --install-timer --voms virgo >/dev/null
        systemd-analyze --user verify "$D"/.config/systemd/user/voms-proxy-keep.* >&2 && echo verified
        vp keep --uninstall-timer >/dev/null
        ls "$D/.config/systemd/user" | wc -l
        "#,
    );
    assert_eq!(out, "2\nverified\n0\n");
}

#[test]
fn what_cannot_be_made_again_is_refused_and_never_made_stronger() {
    let out = stdout(
        r#"
        code() { vp "$@" >"$D/said" 2>&1 && echo 0 || echo $?; }
        echo rules >"$D/rules"
        vp init --quiet --policy "$D/rules" --policy-language 1.2.3.4.5
        code renew; vp info --type
        timeout 5 vp keep --until 3s -q --out "$D/proxy" 2>/dev/null || echo refused
        vp init --quiet --include "$D/rules"
        code renew; vp info --included-file | grep -c rules
        code renew --include "$D/rules"; vp info --included-file | grep -c rules
        vp init --quiet --key-type ec --path-length 3
        code renew; vp info --strength
        "#,
    );
    let restricted = "4\nRFC3820 compliant restricted proxy\nrefused\n";
    assert_eq!(out, format!("{restricted}4\n1\n0\n1\n0\n256\n"));
}

#[test]
fn a_life_that_was_cut_short_is_not_learned() {
    let out = stdout(
        r#"
        vp init --quiet --valid 30s --out "$D/plain"
        vp init --quiet --voms virgo --valid 1:00 --cert "$D/plain" 2>/dev/null
        vp init --quiet --valid 7d --out "$D/plain"
        vp renew --quiet --from "$D/plain"
        openssl x509 -in "$D/proxy" -noout -checkend 40000 >&2 && echo long
        "#,
    );
    assert_eq!(out, "long\n");
}

#[test]
fn a_passphrase_command_is_bounded_and_read_to_its_first_line() {
    let out = stdout(
        r#"
        code() { "$@" >"$D/said" 2>&1 && echo 0 || echo $?; }
        code as-user encrypted vp init --out "$D/e" --passphrase-command 'echo pass; sleep 1113 &'
        pkill -f 'sleep 1113' && echo 'it stays'
        as-user encrypted setsid vp init --out "$D/f" --passphrase-command 'sleep 1114' >/dev/null 2>&1 &
        until pgrep -f 'sleep 1114' >/dev/null; do sleep 0.1; done
        kill "$(pgrep -f 'init --out .*/f --passphrase')" 2>/dev/null || true
        sleep 1; pgrep -f '^sleep 1114' || echo 'nothing stays'
        "#,
    );
    assert_eq!(out, "0\nit stays\nnothing stays\n");
}

#[test]
fn run_leaves_nothing_if_it_is_ended_before_the_command_starts() {
    let out = stdout(
        r#"
        mkdir -m 700 "$D/runtime"
        python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); time.sleep(60)' "$D/silent" & agent=$!
        until [ -S "$D/silent" ]; do sleep 0.1; done
        XDG_RUNTIME_DIR="$D/runtime" OIDC_SOCK="$D/silent" vp run --voms virgo --token oidc:x -- true & run=$!
        until [ -e "$D"/runtime/voms-proxy-run.*/proxy ]; do sleep 0.1; done
        stat -c %a "$D"/runtime/voms-proxy-run.*
        kill $run; wait $run || echo $?
        ls "$D/runtime" | wc -l
        kill $agent
        "#,
    );
    assert_eq!(out, "700\n143\n0\n");
}

#[test]
fn a_timer_names_files_as_they_are_seen_from_anywhere() {
    let out = stdout(
        r#"
        cd "$D"; export X509_CERT_DIR="$X509_CERT_DIR" X509_VOMSES='/a$b/vomses'
        vp keep --install-timer --dry-run --voms virgo --out one.pem --passphrase-file later 2>/dev/null >units
        grep -c -F "\"--out=$D/one.pem\"" units
        grep -c -F "\"--passphrase-file=$D/later\"" units
        "#,
    );
    assert_eq!(out, "1\n1\n");
}
