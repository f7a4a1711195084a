//! Sets that are filled in any order and read in their own: cheap to fill, sorted once.

/// Serial numbers, as ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Serials {
    ranges: Vec<(u64, u64)>,
    unsorted: bool,
}

impl Serials {
    pub(super) fn insert(&mut self, min: u64, max: u64) {
        if let Some((last_min, last_max)) = self.ranges.last_mut() {
            if min >= *last_min && min <= last_max.saturating_add(1) {
                *last_max = max.max(*last_max);
                return;
            }
            self.unsorted |= min < *last_min;
        }
        self.ranges.push((min, max));
    }

    pub(super) fn sort(&mut self) {
        if !self.unsorted {
            return;
        }
        let mut ranges = std::mem::take(&mut self.ranges);
        ranges.sort_unstable();
        self.unsorted = false;
        ranges.into_iter().for_each(|(min, max)| self.insert(min, max));
    }

    /// Neither overlapping nor touching each other.
    pub(super) fn sorted(&self) -> &[(u64, u64)] {
        debug_assert!(!self.unsorted);
        &self.ranges
    }
}

/// Key IDs, blobs or hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set<T> {
    items: Vec<T>,
    unsorted: bool,
}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self { items: Vec::new(), unsorted: false }
    }
}

impl<T: Ord> Set<T> {
    pub(super) fn insert(&mut self, item: T) {
        self.unsorted |= self.items.last().is_some_and(|last| *last >= item);
        self.items.push(item);
    }

    pub(super) fn sort(&mut self) {
        if self.unsorted {
            self.items.sort_unstable();
            self.items.dedup();
            self.unsorted = false;
        }
    }

    /// In order, each once.
    pub(super) fn sorted(&self) -> &[T] {
        debug_assert!(!self.unsorted);
        &self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_or_overlap_become_one() {
        let mut serials = Serials::default();
        for (min, max) in [(10, 20), (21, 21), (5, 8), (40, 50), (30, 45), (9, 9), (u64::MAX, u64::MAX), (60, 60)] {
            serials.insert(min, max);
        }
        serials.sort();
        assert_eq!(serials.sorted(), [(5, 21), (30, 50), (60, 60), (u64::MAX, u64::MAX)]);
        serials.insert(u64::MAX - 1, u64::MAX);
        serials.insert(1, 4);
        serials.sort();
        assert_eq!(serials.sorted(), [(1, 21), (30, 50), (60, 60), (u64::MAX - 1, u64::MAX)]);
    }

    #[test]
    fn items_come_out_in_order_and_once() {
        let mut set = Set::default();
        for item in [b"b".as_slice(), b"a", b"ab", b"b", b""] {
            set.insert(item);
        }
        set.sort();
        assert_eq!(set.sorted(), [b"".as_slice(), b"a", b"ab", b"b"]);
    }
}
