//! What a host's lists of revoked keys say of some certificates. The lists are asked before anybody decides: one pass a
//! list, however many certificates there are.

use std::io::BufRead;

use crate::certificate::Certificate;
use crate::krl::{Header, Subject, Verdict};
use crate::revoked_keys::{RevokedKeysError, check_all};

/// The certificates, and what was answered so far.
#[derive(Clone, Debug, Default)]
pub struct Revocation<'c> {
    blobs: Vec<&'c [u8]>,
    subjects: Vec<Subject<'c>>,
    verdicts: Vec<Verdict>,
}

/// What one list says of each certificate.
#[derive(Clone, Debug)]
#[must_use]
pub struct Answers(Vec<Verdict>);

impl<'c> Revocation<'c> {
    /// To ask about these. One whose key, or whose CA's, OpenSSH would not read is left out: it has no verdict then.
    pub fn of(certificates: impl IntoIterator<Item = &'c Certificate<'c>>) -> Self {
        let mut revocation = Self::default();
        for certificate in certificates {
            if let Ok(subject) = Subject::certificate(certificate) {
                revocation.blobs.push(certificate.blob);
                revocation.subjects.push(subject);
                revocation.verdicts.push(Verdict::NotRevoked);
            }
        }
        revocation
    }

    /// Asks one list, of `length` bytes, for [`Revocation::add`]. The header is a KRL's; a flat list has none.
    ///
    /// # Errors
    /// [`RevokedKeysError`]: sshd refuses everybody then.
    pub fn ask(&self, list: impl BufRead, length: usize) -> Result<(Option<Header>, Answers), RevokedKeysError> {
        let (header, verdicts) = check_all(list, length, &self.subjects)?;
        Ok((header, Answers(verdicts)))
    }

    /// What any list revokes is revoked.
    pub fn add(&mut self, answers: &Answers) {
        for (verdict, answer) in self.verdicts.iter_mut().zip(&answers.0) {
            if *verdict == Verdict::NotRevoked {
                *verdict = *answer;
            }
        }
    }

    /// What the lists said of a certificate; none if they were not asked about it.
    pub fn verdict(&self, certificate: &Certificate<'_>) -> Option<Verdict> {
        let place = self.blobs.iter().position(|blob| *blob == certificate.blob)?;
        self.verdicts.get(place).copied()
    }
}

#[cfg(test)]
mod tests;
