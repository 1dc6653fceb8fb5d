//! The steps from a certificate to membership of a VO.

use super::RegisterPlan;
use crate::home::registration::Registration;

/// Prints them.
pub(super) fn explain(plan: &RegisterPlan) {
    let Registration {
        page,
        iam,
        is_known,
        ..
    } = &plan.registration;
    let vo = &plan.servers[0].vo;
    let groups: Vec<String> = plan
        .groups
        .iter()
        .map(|group| format!("     {group}"))
        .collect();
    let mut more = String::new();
    if let Some(iam) = iam.as_ref().filter(|iam| *iam != page) {
        more = format!("   If it has closed, the VO has moved to its IAM: {iam}\n");
    }
    if !is_known {
        more.push_str("   (the usual address; check it against the VO's own page)\n");
    }
    plan.line(&format!(
        "\n\
Already a member? Then run: voms-proxy register --voms {vo} --check

1. Bring the certificate into your browser:
     voms-proxy export --p12 mycert.p12
   Firefox: Settings, Privacy & Security, View Certificates, Your Certificates, Import
   Chrome, Edge, Chromium: Settings, Privacy and security, Security, Manage certificates, Import
   Safari: export it with --compatible, then open mycert.p12
   Then remove the file: rm mycert.p12
2. Open this page, choose the certificate when the browser asks which one to show, and register:
     {page}
{more}3. Apply there for membership of
{}
4. Answer the mail that the VO sends. When its managers have agreed, you are in. How far that is:
     voms-proxy register --voms {} --check
5. Then: voms-proxy-init --voms {vo}",
        groups.join("\n"),
        plan.voms
    ));
}
