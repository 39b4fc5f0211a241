//! The sums of money of grants, and the sums that follow from them. `docs/reference/sums.md` has
//! the word, the meaning and the events of each.

use super::Money;

/// Sums of one grant or of many, in pence. As at a past day a sum may be below zero, because of
/// what was recorded for that day later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrantSums {
    /// What funds hold for grants.
    pub committed: i64,
    /// What left for the bank, less what failed or was taken back by the bank.
    pub sent: i64,
    /// What the bank paid, less what it took back.
    pub confirmed: i64,
    /// What came back from groups.
    pub returned: i64,
}

impl GrantSums {
    /// Adds an amount of a figure. Other figures change nothing.
    pub fn add(&mut self, figure: &str, pence: i64) {
        match figure {
            "committed" => self.committed += pence,
            "sent" => self.sent += pence,
            "confirmed" => self.confirmed += pence,
            "returned" => self.returned += pence,
            _ => {}
        }
    }

    /// The sums of one grant.
    #[must_use]
    pub fn of_grant(committed: Money, [sent, confirmed, returned]: [Money; 3]) -> Self {
        Self {
            committed: committed.pence(),
            sent: sent.pence(),
            confirmed: confirmed.pence(),
            returned: returned.pence(),
        }
    }

    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            committed: self.committed + other.committed,
            sent: self.sent + other.sent,
            confirmed: self.confirmed + other.confirmed,
            returned: self.returned + other.returned,
        }
    }

    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            committed: self.committed - other.committed,
            sent: self.sent - other.sent,
            confirmed: self.confirmed - other.confirmed,
            returned: self.returned - other.returned,
        }
    }

    /// What was awarded: what is committed, and what came back from groups.
    #[must_use]
    pub const fn awarded(self) -> i64 {
        self.committed + self.returned
    }

    /// What groups have: what the bank paid, less what they returned.
    #[must_use]
    pub const fn paid_net(self) -> i64 {
        self.confirmed - self.returned
    }

    /// What is committed and not with groups: not sent yet, or at the bank.
    #[must_use]
    pub const fn unpaid(self) -> i64 {
        self.committed - self.paid_net()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_at_the_bank_is_not_paid_and_returned_money_was_awarded() {
        let mut sums = GrantSums::default();
        for (figure, pence) in [
            ("committed", 90_000),
            ("sent", 70_000),
            ("confirmed", 40_000),
            ("committed", -5000),
            ("returned", 5000),
            ("people", 7),
        ] {
            sums.add(figure, pence);
        }
        assert_eq!((sums.committed, sums.sent), (85_000, 70_000));
        assert_eq!(sums.awarded(), 90_000);
        assert_eq!(sums.paid_net(), 35_000);
        assert_eq!(sums.unpaid() + sums.paid_net(), sums.committed);
    }
}
