//! EXAMPLES of ca-tool's man pages, which are its --help's, too: each line, as it stands there.

use std::collections::BTreeSet;
use std::fs;

use super::runbooks::ready;
use super::stage::{Stage, Worlds};

/// A verb, where its examples are run, and what is done there before, as somebody would have: in this order.
const SCENES: &[(&str, &str, &str)] = &[
    ("check", "host", "install -m 644 /home/laptop/id_ed25519-cert.pub ."),
    ("config", "host", ""),
    ("doctor", "host", "ca-tool config --pam sudo --whole >sudo.new"),
    ("", "ca", KEYS),
    ("init", "ca", ""),
    ("key", "ca", "ca-tool key export >ca-1.pub"),
    ("key list", "ca", ""),
    ("key generate", "ca", ""),
    ("key export", "ca", ""),
    ("key attest", "ca", ""),
    ("key pin", "ca", ""),
    ("key unblock", "ca", ""),
    ("sign", "ca", TOKEN),
    ("emergency", "ca", ""),
    (
        "inspect",
        "ca",
        "ca-tool sign -s ca -I alice -n alice id_ed25519.pub; ca-tool krl build; cp ca.pub /etc/ssh/trusted_user_ca",
    ),
    ("log", "ca", ""),
    ("log list", "ca", ""),
    ("log show", "ca", "for i in {1..9}; do ca-tool sign -s ca -I alice -n alice id_ed25519.pub; done"),
    ("log verify", "ca", ""),
    ("log export", "ca", ""),
    ("revoke", "ca", "rm -r /var/lib/ussh; for i in {1..17}; do ca-tool sign -s ca -I alice -n alice id_ed25519.pub; done"),
    ("krl", "ca", "ca-tool sign -s ca -I alice -n alice id_ed25519.pub"),
    ("krl build", "ca", "echo 'serial: 3' >krl.spec"),
    ("krl update", "ca", ""),
    ("krl check", "ca", "ca-tool sign -s ca -I bob -n bob bob.pub"),
    ("krl show", "ca", ""),
    ("krl sign", "ca", ""),
    ("krl verify", "ca", "cp ca-1.pub /etc/ssh/trusted_user_ca"),
    ("ca-file", "ca", "cp ca-1.pub trusted_user_ca"),
    ("ca-file sign", "ca", ""),
    ("ca-file verify", "ca", ""),
    ("update", "ca", PUBLISHED),
    ("completions", "ca", USR_SHARE),
    ("manual", "ca", ""),
];

/// No CA has a name yet; keys that people bring, and one CA in a file, which an ssh-agent holds.
const KEYS: &str = "rm /etc/ussh/ca.toml
    for key in ca new-ca id alice bob backup ssh_host_ed25519_key; do ssh-keygen -q -t ed25519 -N '' -f $key; done
    ssh-agent -a agent >/dev/null; SSH_AUTH_SOCK=agent ssh-add -q ca";

/// A token with the PIN that the person types.
const TOKEN: &str =
    "mkdir -p tokens .config/softhsm2; echo 'directories.tokendir = /root/tokens' >.config/softhsm2/softhsm2.conf
    softhsm2-util --init-token --free --label CA --pin pin:4711 --so-pin 12345678
    pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label CA --login --pin pin:4711 --keypairgen \
        --key-type EC:prime256v1 --label ssh-ca";

/// What hosts fetch, from a folder here.
const PUBLISHED: &str = "cp /etc/ssh/revoked_keys .; ca-tool --krl revoked_keys krl sign -s yubikey:slot=9c
    printf '[update]\nkrl = \"/root/revoked_keys\"\nca_file = \"/root/trusted_user_ca\"\n' >/etc/ussh/ca.toml";

/// This host's own stays as it is; zsh and fish bring their folders.
const USR_SHARE: &str = "mkdir -p /run/share /run/work
    mount -t overlay overlay -o lowerdir=/usr/share,upperdir=/run/share,workdir=/run/work /usr/share
    mkdir -p /usr/share/zsh/vendor-completions /usr/share/fish/vendor_completions.d";

#[test]
fn every_example_works() {
    let worlds = Worlds::new();
    let stage = ready(&worlds);
    stage.shell("", "ca", "ca-tool manual pages").ok();
    let pages = fs::read_dir(worlds.ca.path("/root/pages")).expect("the pages");
    let pages: BTreeSet<String> = pages.map(|page| page.expect("one").file_name().into_string().expect("a name")).collect();
    for (verb, place, before) in SCENES {
        stage.shell(verb, place, &format!("{ENVIRONMENT}\n{before}")).ok();
        for line in examples(&worlds, &page(verb)) {
            follow(&stage, place, &line);
        }
    }
    assert_eq!(SCENES.iter().map(|(verb, ..)| page(verb)).collect::<BTreeSet<_>>(), pages);
}

fn page(verb: &str) -> String {
    format!("ca-tool {verb}").trim().replace(' ', "-") + ".1"
}

/// root's, where Stage has none but for the laptop.
const ENVIRONMENT: &str = "export SSH_AUTH_SOCK=/root/agent";

/// Lines that stay lines; --help breaks long ones to the terminal's width.
fn examples(worlds: &Worlds, page: &str) -> Vec<String> {
    let page = worlds.ca.read(&format!("/root/pages/{page}"));
    let (_, examples) = page.split_once(".SH EXAMPLES\n").expect("the section");
    let blocks = examples.split(".nf\n").skip(1).map(|block| block.split(".fi\n").next().expect("its end"));
    blocks.flat_map(str::lines).map(|line| line.replace("\\-", "-")).collect()
}

fn follow(stage: &Stage<'_>, place: &str, line: &str) {
    match line {
        // In somebody's login.
        "ca-tool check" => {
            let login = format!("ssh -A alice@HOST 'PATH+=:/opt/rig; {line}'");
            assert!(stage.shell(line, "laptop", &login).ok().stdout.contains("alice@corp"));
        }
        _ => {
            if line.starts_with("ca-tool init") {
                stage.factory_new();
            }
            // A head is noted when something is signed.
            let noted = "--head \"$(ca-tool --json log verify | jq -r .head)\"";
            let line = match line.split_once("--head ") {
                Some((verb, _)) => format!("{verb}{noted}"),
                None => line.to_owned(),
            };
            stage.shell(&line, place, &format!("{ENVIRONMENT}\n{line}")).ok();
        }
    }
}
