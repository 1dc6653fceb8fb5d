//! The commands inside a sandbox.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use voms_authority::world::World;

/// The `voms-proxy` subcommands that look for servers.
const ASKING: [&str; 4] = ["init", "list", "register", "doctor"];

const AS_USER: &str = r#"users=$(dirname "$0")/../users
if [ $# = 0 ] || [ ! -f "$users/$1/usercert.pem" ]; then
  echo "usage: as-user NAME [COMMAND ...], where NAME is one of:" $(ls "$users") >&2
  exit 2
fi
export X509_USER_CERT="$users/$1/usercert.pem" X509_USER_KEY="$users/$1/userkey.pem"
shift
[ $# != 0 ] || set -- "${SHELL:-/bin/sh}"
exec "$@"
"#;

/// The machine's own vomses files would be merged with the sandbox's, and a real server contacted,
/// so these wrappers pass the sandbox's explicitly.
pub fn write(bin: &Path, world: &World) -> io::Result<()> {
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    let (program, vomses) = (quoted(&std::env::current_exe()?), quoted(&world.vomses()));
    for command in ["init", "list"] {
        let script = format!("exec {program} {command} --vomses {vomses} \"$@\"\n");
        write_script(&bin.join(format!("voms-proxy-{command}")), &script)?;
    }
    let asking = ASKING
        .map(|command| format!("{command} | voms-proxy-{command}"))
        .join(" | ");
    let all = format!(
        "case \"$1\" in\n{asking})\n  command=$1\n  shift\n  exec {program} \"$command\" --vomses {vomses} \"$@\" ;;\nesac\n\
         exec {program} \"$@\"\n"
    );
    write_script(&bin.join("voms-proxy"), &all)?;
    write_script(&bin.join("as-user"), AS_USER)
}

fn write_script(path: &Path, script: &str) -> io::Result<()> {
    // Remove a link first, or the script would overwrite the program it points to.
    let _ = std::fs::remove_file(path);
    std::fs::write(path, format!("#!/bin/sh\n{script}"))?;
    std::fs::set_permissions(path, Permissions::from_mode(0o755))
}
