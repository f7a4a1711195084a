//! README.md: three recipes on fresh machines, which end with a revoked certificate.

use super::page::{Step, steps};
use super::stage::Worlds;

const PAGE: &str = "README.md";

#[test]
fn the_three_recipes_work_one_after_the_other() {
    let worlds = Worlds::new();
    let stage = worlds.stage();
    let mut answers = Vec::new();
    for step in steps(PAGE) {
        match &step {
            Step::Run(block) if ["clone", "package"].contains(&block.place.as_str()) => {} // see `every_page`
            Step::Run(block) if block.place == "laptop" && block.commands.contains("ssh -A") => {
                answers.push(stage.take(PAGE, &step));
                let log = worlds.host.log();
                match block.refused {
                    true => assert!(log.iter().any(|line| line.contains("revoked")), "{log:#?}"),
                    false => assert!(log.iter().any(|line| line.contains("pam_ussh(sudo:account): accepted")), "{log:#?}"),
                }
            }
            _ => _ = stage.take(PAGE, &step),
        }
    }
    assert_eq!(answers.len(), 2);
    assert!(answers[0].contains("uid=0(root)"), "{answers:?}");
    // Plain keys open nothing any more.
    assert_eq!(worlds.host.ssh("alice").run("id").code, 254);
}
