//! What sudo is told: sudoers, read by sudo's own programs.

use nix::unistd::geteuid;
use serde_json::Value;

use super::examination::answer_of;
use super::finding::Findings;
use super::stacks::Stacks;

const CHECK: &str = "sudoers";

pub(super) fn look(stacks: &Stacks, found: &mut Findings) {
    if !geteuid().is_root() || stacks.get("sudo").is_none() {
        return;
    }
    let Some(checked) = answer_of("visudo", &["-c"]) else {
        return found.warning(CHECK, "There is no visudo to ask.", None);
    };
    if !checked.is_success {
        let what = format!("sudo does not understand its rules: {}.", checked.complaint());
        return found.problem(CHECK, what, Some("visudo".to_owned()));
    }
    let before = found.0.len();
    // sudo-rs has no such program, and none of these settings.
    let rules = answer_of("cvtsudoers", &["-f", "json", "/etc/sudoers"]).filter(|answer| answer.is_success);
    let document: Option<Value> = rules.and_then(|answer| serde_json::from_str(&answer.out).ok());
    let defaults = document.as_ref().and_then(|document| document.get("Defaults")).and_then(Value::as_array);
    judge(defaults.map_or(&[][..], Vec::as_slice), found);
    if found.0.len() == before {
        found.ok(CHECK, "sudo understands its rules, and asks PAM's account stack on every command.");
    }
}

/// What all `Defaults` come to, in their order: the last one counts.
#[derive(Default)]
struct Sum {
    account_is_off: bool,
    account_is_off_for_some: bool,
    keeps_agent: bool,
    /// Setting and service.
    other_services: Vec<(String, String)>,
}

fn judge(defaults: &[Value], found: &mut Findings) {
    let mut sum = Sum::default();
    for entry in defaults {
        let for_some = entry.get("Binding").is_some();
        for option in entry.get("Options").and_then(Value::as_array).into_iter().flatten() {
            sum.take(option, for_some);
        }
    }
    let mend =
        || Some("ca-tool config --sudoers >/etc/sudoers.d/ussh && chmod 440 /etc/sudoers.d/ussh && visudo -c".to_owned());
    if sum.account_is_off || sum.account_is_off_for_some {
        let what = "sudo does not ask PAM's account stack (!pam_acct_mgmt): rules without a password go round pam_ussh.";
        found.problem(CHECK, what, if sum.account_is_off_for_some { None } else { mend() });
    }
    if sum.keeps_agent {
        let what = "sudo hands the agent to the commands that run as root (env_keep SSH_AUTH_SOCK): pam_ussh does not need it.";
        found.warning(CHECK, what, mend());
    }
    for (name, service) in sum.other_services {
        let what =
            format!("sudo asks the PAM service \"{service}\" ({name}): pam_ussh's lines must stand in /etc/pam.d/{service}.");
        found.warning(CHECK, what, None);
    }
}

impl Sum {
    fn take(&mut self, option: &Value, for_some: bool) {
        match option.get("pam_acct_mgmt") {
            Some(Value::Bool(on)) if for_some => self.account_is_off_for_some |= !on,
            Some(Value::Bool(on)) => self.account_is_off = !on,
            _ => {}
        }
        for name in ["pam_service", "pam_login_service", "pam_askpass_service"] {
            let service = option.get(name).and_then(Value::as_str).filter(|service| !matches!(*service, "sudo" | "sudo-i"));
            self.other_services.extend(service.map(|service| (name.to_owned(), service.to_owned())));
        }
        let names = option.get("env_keep").and_then(Value::as_array).into_iter().flatten();
        let has_agent = names.filter_map(Value::as_str).any(|name| name == "SSH_AUTH_SOCK");
        match option.get("operation").and_then(Value::as_str) {
            Some("list_remove") if has_agent => self.keeps_agent = false,
            Some("list_add") if has_agent => self.keeps_agent = true,
            Some("list_assign") if option.get("env_keep").is_some() => self.keeps_agent = has_agent,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn complaints(defaults: &Value) -> Vec<String> {
        let mut found = Findings::default();
        judge(defaults.as_array().unwrap(), &mut found);
        found.0.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn of_several_settings_the_last_one_counts() {
        let add = json!({ "Options": [{ "operation": "list_add", "env_keep": ["SSH_AUTH_SOCK", "A"] }] });
        let remove = json!({ "Options": [{ "operation": "list_remove", "env_keep": ["SSH_AUTH_SOCK"] }] });
        assert_eq!(complaints(&json!([add, remove])), [""; 0]);
        assert!(complaints(&json!([remove, add])).first().unwrap().contains("hands the agent"));
        let (off, on) = (json!({ "Options": [{ "pam_acct_mgmt": false }] }), json!({ "Options": [{ "pam_acct_mgmt": true }] }));
        assert_eq!(complaints(&json!([off, on])), [""; 0]);
        assert_eq!(complaints(&json!([on, off])).len(), 1);
        let for_alice = json!({ "Binding": [{ "username": "alice" }], "Options": [{ "pam_acct_mgmt": false }] });
        assert_eq!(complaints(&json!([for_alice, on])).len(), 1, "what is for alice stays hers");
    }
}
