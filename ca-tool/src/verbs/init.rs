//! `ca-tool init`: makes a YubiKey a CA.
/// Make a YubiKey a CA
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}
pub(crate) fn run(_args: &Args, _setting: &crate::setting::Setting) -> crate::error::Result<()> {
    Ok(())
}
