//! What sections a good KRL has.

/// The numbers of sections, and of their parts where they are of certificates.
fn numbers(krl: &[u8]) -> Vec<u8> {
    let mut rest = &krl[8 + 4 + 3 * 8..];
    take(&mut rest); // reserved
    take(&mut rest); // comment
    let mut numbers = vec![];
    while let Some((&number, after)) = rest.split_first() {
        rest = after;
        numbers.push(number);
        let mut content = take(&mut rest);
        if number == 1 {
            take(&mut content); // CA
            take(&mut content); // reserved
            while let Some((&number, after)) = content.split_first() {
                content = after;
                numbers.push(number);
                take(&mut content);
            }
        }
    }
    numbers
}

fn take<'k>(rest: &mut &'k [u8]) -> &'k [u8] {
    let (length, after) = rest.split_first_chunk().unwrap();
    let (string, after) = after.split_at(u32::from_be_bytes(*length) as usize);
    *rest = after;
    string
}

/// Adds up lists, ranges, bitmaps and key ID sections.
pub fn count_forms(krl: &[u8], forms: &mut [usize; 4]) {
    for number in numbers(krl) {
        if let Some(form) = number.checked_sub(0x20).and_then(|form| forms.get_mut(usize::from(form))) {
            *form += 1;
        }
    }
}

/// OpenSSH 9.2 knows no extensions.
pub fn has_extension(krl: &[u8]) -> bool {
    numbers(krl).iter().any(|number| [255, 0x39].contains(number))
}
