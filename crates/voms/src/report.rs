//! Reports on a stranger's bytes, kept short: a megabyte holds many thousands of faults.

/// A finding that may stand for others.
pub(crate) trait Reported {
    /// The finding that so many more were left out.
    fn more(left_out: usize) -> Self;

    /// How many findings it stands for.
    fn count(&self) -> usize;
}

/// The first findings, and how many more there are.
#[derive(Debug)]
pub(crate) struct Report<T> {
    first: Vec<T>,
    most: usize,
    left_out: usize,
}

impl<T: Reported> Report<T> {
    pub fn of_at_most(most: usize) -> Self {
        Self {
            first: Vec::new(),
            most,
            left_out: 0,
        }
    }

    pub fn push(&mut self, finding: T) {
        match self.first.len() < self.most {
            true => self.first.push(finding),
            false => self.left_out += finding.count(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    pub fn finish(mut self) -> Vec<T> {
        if self.left_out > 0 {
            self.first.push(T::more(self.left_out));
        }
        self.first
    }
}

impl<T: Reported> Extend<T> for Report<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, findings: I) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Reported for usize {
        fn more(left_out: usize) -> Self {
            1000 + left_out
        }

        fn count(&self) -> usize {
            self.checked_sub(1000).unwrap_or(1)
        }
    }

    #[test]
    fn what_is_left_out_is_counted_once() {
        let mut inner = Report::of_at_most(2);
        inner.extend(0..7);
        let inner = inner.finish();
        assert_eq!(inner, [0, 1, 1005]);
        let mut outer = Report::of_at_most(2);
        outer.extend(inner);
        assert_eq!(outer.finish(), [0, 1, 1005]);
        let mut whole = Report::of_at_most(2);
        whole.extend(0..2);
        assert_eq!(whole.finish(), [0, 1]);
    }
}
