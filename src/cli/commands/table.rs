//! The table of commands, from which everything that names them is generated: dispatch, links, the
//! overview, man pages and completions. To add a command, add a module and a row here.

use super::{Command, Group};
use crate::cli::args::definition;
use crate::cli::{
    destroy, doctor, ecp, embedded, export, fake, grid, holder, import, info, init, keep, links,
    passwd, register, sandbox, token, verify, vo,
};

/// In the order of the overview and the links.
pub static COMMANDS: [Command; 39] = [
    Command::new(
        "import",
        "voms-proxy-import",
        definition::<import::ImportArgs>,
        import::main,
    )
    .listed(
        Group::Setup,
        "put the certificate that your institution sent into ~/.globus",
    ),
    Command::new(
        "register",
        "voms-proxy-register",
        definition::<register::RegisterArgs>,
        register::main,
    )
    .listed(
        Group::Setup,
        "show how to become a member of a VO, and how far you have got",
    ),
    Command::new(
        "vo list",
        "voms-proxy-vo-list",
        definition::<vo::ListArgs>,
        vo::list,
    )
    .listed(Group::Setup, "show which VOs are known, and from where"),
    Command::new(
        "vo add",
        "voms-proxy-vo-add",
        definition::<vo::AddArgs>,
        vo::add,
    )
    .listed(
        Group::Setup,
        "make a VO known: its vomses line or file, and LSC files",
    ),
    Command::new(
        "doctor",
        "voms-proxy-doctor",
        definition::<doctor::DoctorArgs>,
        doctor::main,
    )
    .listed(
        Group::Setup,
        "check everything that a proxy needs, and report what is broken",
    ),
    Command::new(
        "init",
        "voms-proxy-init",
        definition::<init::InitArgs>,
        init::main,
    )
    .linked()
    .listed(
        Group::Proxies,
        "make a proxy, with --voms VO one that carries the VO's attributes",
    ),
    Command::new(
        "info",
        "voms-proxy-info",
        definition::<info::InfoArgs>,
        info::main,
    )
    .linked()
    .listed(Group::Proxies, "show a proxy"),
    Command::new(
        "status",
        "voms-proxy-status",
        definition::<token::StatusArgs>,
        token::status,
    )
    .listed(
        Group::Proxies,
        "show what you hold: proxy, tokens, Kerberos ticket, certificate",
    ),
    Command::new(
        "destroy",
        "voms-proxy-destroy",
        definition::<destroy::DestroyArgs>,
        destroy::main,
    )
    .linked()
    .listed(Group::Proxies, "remove a proxy"),
    Command::new(
        "renew",
        "voms-proxy-renew",
        definition::<keep::RenewArgs>,
        keep::renew,
    )
    .listed(Group::Proxies, "make a proxy again as it is, for as long")
    .usage("voms-proxy renew [options] [FILE]"),
    Command::new(
        "keep",
        "voms-proxy-keep",
        definition::<keep::KeepArgs>,
        keep::keep,
    )
    .listed(Group::Proxies, "keep a proxy fresh, for long jobs")
    .usage("voms-proxy keep [options]"),
    Command::new(
        "run",
        "voms-proxy-run",
        definition::<keep::RunArgs>,
        keep::run,
    )
    .listed(
        Group::Proxies,
        "run a command with a proxy that is kept fresh",
    )
    .usage("voms-proxy run [options] -- COMMAND"),
    Command::new(
        "unlock",
        "voms-proxy-unlock",
        definition::<holder::UnlockArgs>,
        holder::unlock,
    )
    .listed(
        Group::Proxies,
        "hold your key in memory, so that nothing asks for its passphrase",
    ),
    Command::new(
        "lock",
        "voms-proxy-lock",
        definition::<holder::LockArgs>,
        holder::lock,
    )
    .listed(Group::Proxies, "end that"),
    Command::new(
        "list",
        "voms-proxy-list",
        definition::<init::InitArgs>,
        init::list,
    )
    .linked()
    .listed(Group::Proxies, "list what a VO would grant")
    .usage("voms-proxy-list [options]"),
    Command::new(
        "token show",
        "voms-proxy-token-show",
        definition::<token::ShowArgs>,
        token::show,
    )
    .listed(Group::Proxies, "show what a bearer token says"),
    Command::new(
        "export",
        "voms-proxy-export",
        definition::<export::ExportArgs>,
        export::main,
    )
    .listed(
        Group::Tools,
        "write certificate and key into a PKCS#12 file, for a browser",
    ),
    Command::new(
        "passwd",
        "voms-proxy-passwd",
        definition::<passwd::PasswdArgs>,
        passwd::main,
    )
    .listed(Group::Tools, "change the passphrase of your private key"),
    Command::new(
        "verify",
        "voms-proxy-verify",
        definition::<verify::VerifyArgs>,
        verify::main,
    )
    .listed(
        Group::Tools,
        "verify a proxy and its attributes as a service would",
    ),
    Command::new(
        "fake",
        "voms-proxy-fake",
        definition::<fake::FakeArgs>,
        fake::main,
    )
    .linked()
    .listed(
        Group::Tools,
        "make a proxy with attributes that you sign yourself, to test services",
    ),
    Command::new(
        "voms-verify",
        "voms-verify",
        definition::<verify::VerifyArgs>,
        verify::main,
    )
    .linked()
    .usage("voms-verify [options]"),
    Command::new(
        "grid-proxy-init",
        "grid-proxy-init",
        definition::<init::InitArgs>,
        grid::proxy_init,
    )
    .linked()
    .usage("grid-proxy-init [options]"),
    Command::new(
        "grid-proxy-info",
        "grid-proxy-info",
        definition::<grid::InfoArgs>,
        grid::proxy_info,
    )
    .linked(),
    Command::new(
        "grid-proxy-destroy",
        "grid-proxy-destroy",
        definition::<grid::DestroyArgs>,
        grid::proxy_destroy,
    )
    .linked(),
    Command::new(
        "grid-cert-info",
        "grid-cert-info",
        definition::<grid::CertArgs>,
        grid::cert_info,
    )
    .linked(),
    Command::new(
        "grid-change-pass-phrase",
        "grid-change-pass-phrase",
        definition::<passwd::PasswdArgs>,
        passwd::main,
    )
    .linked()
    .usage("grid-change-pass-phrase [options]"),
    Command::new(
        "ecp get-cert",
        "ecp-get-cert",
        definition::<ecp::GetCertArgs>,
        ecp::get_cert,
    )
    .linked()
    .listed(Group::Ecp, "get-cert"),
    Command::new(
        "ecp cert-info",
        "ecp-cert-info",
        definition::<ecp::InfoArgs>,
        ecp::cert_info,
    )
    .linked()
    .listed(Group::Ecp, "cert-info"),
    Command::new(
        "ecp get-cookie",
        "ecp-get-cookie",
        definition::<ecp::CookieArgs>,
        ecp::get_cookie,
    )
    .linked()
    .listed(Group::Ecp, "get-cookie"),
    Command::new(
        "ecp curl",
        "ecp-curl",
        definition::<ecp::CurlArgs>,
        ecp::curl,
    )
    .linked()
    .listed(Group::Ecp, "curl"),
    Command::new(
        "ligo-proxy-init",
        "ligo-proxy-init",
        definition::<ecp::LigoArgs>,
        ecp::ligo,
    )
    .linked(),
    Command::new(
        "htgettoken",
        "htgettoken",
        definition::<token::GetArgs>,
        token::get,
    )
    .linked(),
    Command::new(
        "htdestroytoken",
        "htdestroytoken",
        definition::<token::DestroyArgs>,
        token::destroy,
    )
    .linked(),
    Command::new(
        "htdecodetoken",
        "htdecodetoken",
        definition::<token::DecodeArgs>,
        token::decode,
    )
    .linked(),
    Command::new(
        "links",
        "voms-proxy-links",
        definition::<links::LinksArgs>,
        links::main,
    )
    .listed(
        Group::Tools,
        "create links, so that voms-proxy-init and the others can be run by name",
    ),
    Command::new(
        "sandbox",
        "voms-proxy-sandbox",
        definition::<sandbox::SandboxArgs>,
        sandbox::main,
    )
    .listed(
        Group::Tools,
        "start a throw-away VO on this machine, to try everything out",
    ),
    Command::new(
        "completions",
        "voms-proxy-completions",
        definition::<embedded::CompletionsArgs>,
        embedded::completions,
    )
    .listed(
        Group::Tools,
        "print the script that completes all of this in your shell",
    ),
    Command::new(
        "man",
        "voms-proxy-man",
        definition::<embedded::ManArgs>,
        embedded::man,
    )
    .listed(Group::Tools, "print a manual page"),
    Command::new(
        "schema",
        "voms-proxy-schema",
        definition::<embedded::SchemaArgs>,
        embedded::schema,
    )
    .listed(Group::Tools, "print the JSON schema of an output"),
];
