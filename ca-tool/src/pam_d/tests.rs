use std::fs;

use super::*;

fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, PamD) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let pam_d = PamD::new(Some(folder.path()));
    (folder, pam_d)
}

fn modules(service: &Service, stack: Stack) -> Vec<String> {
    service.of(stack).map(|line| format!("{} {} {}", line.control, line.module, line.words.join(" "))).collect()
}

#[test]
fn included_lines_stand_where_they_are_included() {
    let (_folder, pam_d) = folder(&[
        ("sudo", "auth required a.so x\n@include common\n-account required b.so\nsession include common\n"),
        ("common", "auth sufficient c.so\naccount [default=die] d.so [y z]\nsession required e.so\n"),
    ]);
    let service = pam_d.service("sudo").unwrap();
    assert_eq!(modules(&service, Stack::Auth), ["required a.so x", "sufficient c.so "]);
    assert_eq!(modules(&service, Stack::Account), ["default=die d.so y z", "required b.so "]);
    assert_eq!(modules(&service, Stack::Session), ["required e.so ", "required e.so "]);
    assert_eq!(service.of(Stack::Account).map(|line| line.is_silent).collect::<Vec<_>>(), [false, true]);
    assert_eq!(service.trouble, []);
    let place = service.of(Stack::Auth).nth(1).unwrap().place();
    assert!(place.ends_with("/common line 1"), "{place}");
}

#[test]
fn a_file_included_for_one_type_gives_no_other_lines() {
    let (_folder, pam_d) = folder(&[
        ("sudo", "AUTH substack one\n"),
        ("one", "@include two\nauth required a.so\naccount required b.so\n"),
        ("two", "auth optional c.so\nsession required d.so\n"),
    ]);
    let service = pam_d.service("sudo").unwrap();
    let lines: Vec<_> = service.lines.iter().map(|line| (line.stack, line.module.as_str(), line.depth)).collect();
    assert_eq!(lines, [(Stack::Auth, "c.so", 1), (Stack::Auth, "a.so", 1)]);
}

#[test]
fn what_libpam_does_not_understand_is_said_with_its_place() {
    let long = format!("auth required a.so {}\n", "x".repeat(1100));
    let loops = "auth include loops\n";
    for (text, expected) in [
        ("auth required\n", "sudo line 1: no module"),
        ("\nauth\n", "sudo line 2: no control such as"),
        ("authh required a.so\n", "\"authh\" is neither"),
        ("auth requird a.so\npassword requird b.so\n", "sudo line 1: \"requird\" is no control"),
        ("auth [success=ok defalt=bad] a.so\n", "\"success=ok defalt=bad\" is no control"),
        ("auth [success=2] a.so\nauth [success=1] b.so\naccount [success=1] a.so\nauth required c.so\n", "jumps over more"),
        ("auth [] a.so\n", "\"\" is no control"),
        ("auth required a.so # x\r\nauth required b.so\r\nauth required b.so\r\n", "sudo line 2: a carriage return"),
        ("@include nowhere\n", "there is no \"nowhere\" to include"),
        ("auth substack\n", "nothing is named"),
        ("auth required a.so \\\n", "ends in a backslash"),
        (long.as_str(), "is longer than the 1023 bytes"),
        (loops, "in each other"),
    ] {
        let (_folder, pam_d) = folder(&[("sudo", text), ("loops", loops)]);
        let trouble = pam_d.service("sudo").unwrap().trouble;
        assert!(trouble.len() == 1 && trouble[0].sentence().contains(expected), "{text}: {trouble:?}");
    }
}

#[test]
fn a_service_without_a_file_has_that_of_other() {
    let (_folder, pam_d) = folder(&[("other", "auth required pam_deny.so\n")]);
    assert_eq!(modules(&pam_d.service("nowhere").unwrap(), Stack::Auth), ["required pam_deny.so "]);
    assert!(super::PamD::new(Some(Path::new("/nonexistent"))).service("sudo").is_err());
}

#[test]
fn the_files_of_vendors_count_where_the_host_has_none() {
    let root = tempfile::tempdir().unwrap();
    for (folder, text) in [("etc/pam.d", "auth required host.so\n"), ("usr/lib/pam.d", "auth required vendor.so\n")] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
        fs::write(root.path().join(folder).join("sudo"), text).unwrap();
    }
    fs::write(root.path().join("usr/lib/pam.d/su"), "auth include sudo\n").unwrap();
    let pam_d = PamD::below(root.path());
    assert_eq!(modules(&pam_d.service("su").unwrap(), Stack::Auth), ["required host.so "]);
    assert_eq!(pam_d.services(), ["su", "sudo"]);
}

#[test]
fn a_module_is_known_by_its_file_wherever_it_is() {
    let (_folder, pam_d) = folder(&[("sudo", "auth required /opt/pam_ussh.so\nauth required pam_ussh.so.bak\n")]);
    let service = pam_d.service("sudo").unwrap();
    assert_eq!(service.lines.iter().map(|line| line.is("pam_ussh.so")).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_module_is_known_in_front_of_a_carriage_return() {
    let (_folder, pam_d) = folder(&[("sudo", "auth sufficient pam_ussh.so\r\n")]);
    let service = pam_d.service("sudo").unwrap();
    assert!(service.lines[0].is("pam_ussh.so"));
    assert!(service.trouble[0].sentence().ends_with(", and may refuse everybody."), "{:?}", service.trouble);
}

#[test]
fn a_service_has_small_letters_and_no_folder() {
    assert_eq!(service_name("Sudo-I").as_deref(), Ok("sudo-i"));
    assert!(service_name("../pam.d/sudo").is_err() && service_name("").is_err());
}
