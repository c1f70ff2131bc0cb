//! Where a case's chance comes from: numbers that proptest draws, and shrinks to fewer and smaller ones.

/// Numbers, used up one by one. After the last every choice is the first.
pub struct Choices<'a> {
    numbers: &'a [u16],
    at: usize,
}

impl<'a> Choices<'a> {
    pub fn of(numbers: &'a [u16]) -> Self {
        Choices { numbers, at: 0 }
    }

    pub fn next(&mut self) -> u16 {
        let number = self.numbers.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        number
    }

    /// A number below the bound, which is at least 1.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(self.next()) % bound
    }

    /// True once in so many.
    pub fn once_in(&mut self, many: u16) -> bool {
        self.next() % many == many - 1
    }

    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        if from.is_empty() { None } else { from.get(self.below(from.len())) }
    }
}
