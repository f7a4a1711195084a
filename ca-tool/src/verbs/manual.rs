//! `ca-tool manual` and `ca-tool completions`: made from the one definition of the flags, for packages.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;

use crate::args::{self, examples};
use crate::error::{OrSay, Result};
use crate::talk;

/// What is the same for all verbs, and no flag: in roff.
const MORE: &str = include_str!("manual/more.1");

/// clap_mangen's way to write an apostrophe.
const QUOTES: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// Write the man pages into a folder: ca-tool.1 and one for each verb
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder; made if it is not there
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Print what a shell needs to complete ca-tool's words
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let advice = "Name a folder that you may write to.";
    fs::create_dir_all(&args.folder).or_say(format!("{} cannot be made", args.folder.display()), advice)?;
    let mut command = args::command();
    command.build();
    write_pages(&command, &[], &args.folder)
        .or_say(format!("The man pages cannot be written to {}", args.folder.display()), advice)
}

pub(crate) fn completions(args: &CompletionsArgs) -> Result<()> {
    let mut text = Vec::new();
    let command = &mut args::command();
    match args.shell {
        Shell::Bash => clap_complete::generate(clap_complete::Shell::Bash, command, "ca-tool", &mut text),
        Shell::Zsh => clap_complete::generate(clap_complete::Shell::Zsh, command, "ca-tool", &mut text),
        Shell::Fish => clap_complete::generate(clap_complete::Shell::Fish, command, "ca-tool", &mut text),
    }
    talk::print(String::from_utf8_lossy(&text).trim_end())
}

fn write_pages(command: &Command, path: &[&str], folder: &Path) -> std::io::Result<()> {
    let name = std::iter::once("ca-tool").chain(path.iter().copied()).collect::<Vec<_>>().join("-");
    fs::write(folder.join(format!("{name}.1")), page(command, path, &name)?)?;
    for verb in command.get_subcommands() {
        let path: Vec<_> = path.iter().copied().chain([verb.get_name()]).collect();
        write_pages(verb, &path, folder)?;
    }
    Ok(())
}

fn page(command: &Command, path: &[&str], name: &str) -> std::io::Result<String> {
    // Without the examples: they have a section of their own, where lines stay lines.
    let man = Man::new(command.clone().after_help(None::<&str>).display_name(name.to_owned()));
    let mut made = Vec::new();
    man.render_name_section(&mut made)?;
    man.render_synopsis_section(&mut made)?;
    man.render_description_section(&mut made)?;
    man.render_options_section(&mut made)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut made)?;
    }
    // Each section begins with the same two lines; and an empty line between breaks is a space and two complaints.
    let made = String::from_utf8_lossy(&made).replace(QUOTES, "").replace("\n.br\n\n.br\n", "\n.sp\n");
    let version = command.get_version().unwrap_or(env!("CARGO_PKG_VERSION"));
    let mut page = format!(".TH {} 1 \"\" \"ca\\-tool {version}\"\n{QUOTES}{made}", name.to_uppercase().replace('-', "\\-"));
    if let Some(text) = examples::of(path) {
        page.push_str(&format!(".SH EXAMPLES\n{}", verbatim(text)));
    }
    page.push_str(if path.is_empty() { MORE } else { ".SH SEE ALSO\n.BR ca\\-tool (1)\n" });
    Ok(page)
}

/// Sentences as paragraphs, and what is typed as it is typed.
fn verbatim(text: &str) -> String {
    let mut out = String::new();
    for (at, line) in text.lines().enumerate() {
        let escaped = line.trim_start().replace('\\', "\\e").replace('-', "\\-");
        let escaped = if escaped.starts_with(['.', '\'']) { format!("\\&{escaped}") } else { escaped };
        match line.starts_with(' ') {
            true => out.push_str(&format!(".RS 4\n.nf\n{escaped}\n.fi\n.RE\n")),
            false if at == 0 => out.push_str(&format!("{escaped}\n")),
            false => out.push_str(&format!(".PP\n{escaped}\n")),
        }
    }
    out
}
