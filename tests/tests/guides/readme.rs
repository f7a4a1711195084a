//! README.md: three recipes on fresh machines, which end with a revoked certificate.

use super::page::{Step, blocks, steps};
use super::stage::Worlds;

const PAGE: &str = "README.md";

#[test]
fn the_three_recipes_work_one_after_the_other() {
    follow_the_page(str::to_owned);
}

/// What takes the place of the YubiKey's two lines, and of `-s yubikey:…`, is one sentence.
#[test]
fn they_work_without_a_yubikey_as_the_page_says() {
    let (make, select) = ("ssh-keygen -t ed25519 -f ca", "-s ca");
    let page = std::fs::read_to_string(format!("{}/{PAGE}", super::page::ROOT)).expect("the page").replace('\n', " ");
    assert!(page.contains(&format!("`{make}` in the place of both lines, and `{select}` below.")));
    let mut made = 0;
    follow_the_page(|commands| {
        made += usize::from(commands.contains("ca-tool init"));
        commands.replace("ca-tool init\nca-tool key export >ca.pub\n", make).replace("-s yubikey:slot=9c", select)
    });
    assert_eq!(made, 1);
}

/// With these changes to what it says.
fn follow_the_page(mut change: impl FnMut(&str) -> String) {
    let worlds = Worlds::new();
    let stage = worlds.stage();
    let mut answers = Vec::new();
    for step in steps(PAGE) {
        let Step::Run(mut block) = step else {
            stage.take(PAGE, &step);
            continue;
        };
        if ["clone", "package"].contains(&block.place.as_str()) {
            continue; // see `every_page`
        }
        block.commands = change(&block.commands);
        let (refused, is_login) = (block.refused, block.commands.contains("ssh -A"));
        let answer = stage.take(PAGE, &Step::Run(block));
        if !is_login {
            continue;
        }
        answers.push(answer);
        let log = worlds.host.log();
        if refused {
            assert!(log.iter().any(|line| line.contains("revoked")), "{log:#?}");
            continue;
        }
        assert!(log.iter().any(|line| line.contains("pam_ussh(sudo:account): accepted")), "{log:#?}");
        let check = stage.shell(PAGE, "laptop", "ssh -A alice@HOST 'PATH+=:/opt/rig; ca-tool check'");
        assert!(check.ok().stdout.contains("alice@corp"), "{check}");
    }
    assert_eq!(answers.len(), 2);
    assert!(answers[0].contains("uid=0(root)"), "{answers:?}");
    for service in ["sudo", "sudo-i", "sshd"] {
        assert!(worlds.host.read(&format!("/etc/pam.d/{service}")).contains("pam_ussh.so revoked_keys="), "{service}");
    }
    // Plain keys open nothing any more.
    assert_eq!(worlds.host.ssh("alice").run("id").code, 254);
}

/// As somebody pastes them: the shell does not stop at the first command that fails.
#[test]
fn what_doctor_refuses_is_not_put_in_place_nor_an_empty_file() {
    let worlds = Worlds::new();
    let stage = worlds.stage();
    let host = |commands: &str| stage.shell(PAGE, "host", commands).ok().stdout.clone();
    host(": >ca.pub; : >revoked_keys; mkdir -p /etc/ussh");
    for (fault, mended, files) in [
        ("chmod 777 /etc/ssh", "chmod 755 /etc/ssh", "/etc/pam.d/{sudo,sudo-i,sshd}"),
        ("echo nonsense >/etc/ussh/ca.toml", "rm /etc/ussh/ca.toml", "/etc/pam.d/{sudo,sudo-i,sshd} /etc/ssh/sshd_config.d/*"),
    ] {
        let before = host(&format!("{fault}; cat {files}"));
        for block in blocks(PAGE).iter().filter(|block| block.commands.contains("/etc/pam.d/")) {
            let answer = stage.shell(PAGE, "host", &format!("set +e\n{}", block.commands));
            assert_eq!(host(&format!("cat {files}")), before, "{answer}");
        }
        host(mended);
    }
}
