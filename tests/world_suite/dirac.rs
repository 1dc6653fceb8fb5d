//! DIRAC's own `VOMS.py`, as it is published, calling our commands.

use super::desk::{Desk, run};
use super::python;

const SCRIPT: &str = r"
import sys
from DIRAC.Core.Security.VOMS import VOMS
from DIRAC.Core.Security.X509Chain import X509Chain
voms = VOMS()
print('available', voms.vomsInfoAvailable())
chain = X509Chain()
assert chain.loadProxyFromFile(sys.argv[1])['OK']
answer = voms.setVOMSAttributes(chain, attribute=sys.argv[2], vo=sys.argv[3])
if not answer['OK']:
    print('refused', 'returning a valid AC for the user' in answer['Message'])
    sys.exit()
made = answer['Value']
print('limited', made.isLimitedProxy()['Value'], 'rfc', made.isRFC()['Value'])
print(' '.join(made.getVOMSData()['Value']['fqan']))
";

#[test]
fn dirac_adds_attributes_to_its_proxies_with_our_command() {
    let python = python::with("dirac");
    let desk = Desk::new();
    let links = desk.path("links");
    std::fs::create_dir(&links).unwrap();
    assert_eq!(desk.ours("links", &[links.to_str().unwrap()]).exit, 0);
    let ask = |proxy: &str, attribute: &str, vo: &str| {
        let mut command = desk.command(&python);
        command.args(["-W", "ignore", "-c", SCRIPT, proxy, attribute, vo]);
        // Nothing else, as DIRAC prefers Debian's voms-proxy-info2 where it finds it.
        command.env("PATH", &links);
        let ended = run(&mut command, "");
        assert_eq!(ended.exit, 0, "{}", ended.all());
        ended.stdout
    };
    for (name, option, limited) in [
        ("full.pem", "--rfc", "False"),
        ("limited.pem", "--limited", "True"),
    ] {
        assert_eq!(desk.init("alice", &[option], &desk.path(name)).exit, 0);
        let said = ask(name, "/virgo/virgo", "virgo");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(
            lines[..2],
            ["available True", &format!("limited {limited} rfc True")],
            "{said}"
        );
        assert!(lines[2].starts_with("/virgo/virgo"), "{said}");
    }
    let refused = ask("full.pem", "/virgo/ligo", "virgo");
    assert_eq!(refused, "available True\nrefused True\n");
}
