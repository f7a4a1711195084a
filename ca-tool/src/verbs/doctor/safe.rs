//! Whether nobody but root can change a file: what pam_ussh demands of all that it believes (pam_ussh(8), FILES).

use std::fs::symlink_metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::finding::Findings;
use super::stacks::quoted;

const WRITABLE_BY_OTHERS: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// Says what is wrong with the file's place; whether nothing is.
pub(super) fn look(check: &'static str, path: &Path, found: &mut Findings) -> bool {
    let Ok(target) = path.canonicalize() else { return true };
    let mut steps: Vec<PathBuf> =
        path.parent().into_iter().chain([target.as_path()]).flat_map(Path::ancestors).map(Path::to_owned).collect();
    steps.sort();
    steps.dedup();
    let wrong: Vec<_> = steps.iter().filter_map(|step| Some((step, wrong_with(step)?))).collect();
    for (step, (what, mend)) in &wrong {
        let where_to = if *step == &target { String::new() } else { format!(", for the sake of {}", path.display()) };
        found.problem(check, format!("{} {what}: pam_ussh refuses everybody{where_to}.", step.display()), mend.clone());
    }
    wrong.is_empty()
}

fn wrong_with(path: &Path) -> Option<(String, Option<String>)> {
    let metadata = symlink_metadata(path).ok()?;
    let name = quoted(&path.display().to_string());
    if metadata.is_symlink() {
        return None; // Where it leads is looked at.
    }
    if metadata.mode() & STICKY != 0 {
        return Some(("is everybody's: what pam_ussh reads must be elsewhere".to_owned(), None));
    }
    if metadata.uid() != 0 {
        return Some((format!("belongs to uid {}, not to root", metadata.uid()), Some(format!("chown root:root {name}"))));
    }
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        return Some(("is writable by others than root".to_owned(), Some(format!("chmod go-w {name}"))));
    }
    None
}
