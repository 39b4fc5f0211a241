//! The texts on the pages of an action on several rows.

/// The texts of an action.
pub(super) struct BulkWords {
    /// What the action will do, on the page before it.
    pub before: &'static str,
    /// The headings before and after the action, for one row and for several.
    asks: (&'static str, &'static str),
    done: (&'static str, &'static str),
}

impl BulkWords {
    pub fn of(action: &str) -> Self {
        match action {
            "approve" => Self {
                before: "You approve these payments. Once everyone who is needed has approved a \
                    payment, it can go to the bank.",
                asks: ("Approve 1 payment", "Approve {} payments"),
                done: ("1 payment approved", "{} payments approved"),
            },
            "reject" => Self {
                before: "You reject these payments. Nobody pays them. A payment can be prepared \
                    again, on the page of its grant.",
                asks: ("Reject 1 payment", "Reject {} payments"),
                done: ("1 payment rejected", "{} payments rejected"),
            },
            "remind" => Self {
                before: "We email each of these groups that its report is due. A group gets at \
                    most one reminder a day.",
                asks: ("Send 1 reminder", "Send {} reminders"),
                done: ("1 reminder sent", "{} reminders sent"),
            },
            "undo-eligible" => Self {
                before: "These applications are as they were before we marked them as eligible.",
                asks: (
                    "Put 1 application back to check",
                    "Put {} applications back to check",
                ),
                done: (
                    "1 application is back to check",
                    "{} applications are back to check",
                ),
            },
            _ => Self {
                before: "These applications go on to be scored by the panel.",
                asks: (
                    "Mark 1 application as eligible",
                    "Mark {} applications as eligible",
                ),
                done: (
                    "1 application marked as eligible",
                    "{} applications marked as eligible",
                ),
            },
        }
    }

    /// The heading of the page before the action, and its button: "Approve 3 payments".
    pub fn asks(&self, count: usize) -> String {
        match count {
            0 => "Nothing can be done now".to_owned(),
            count => counted(count, self.asks),
        }
    }

    /// The heading of the page after it: "3 payments approved".
    pub fn done(&self, count: usize) -> String {
        match count {
            0 => "Nothing was done".to_owned(),
            count => counted(count, self.done),
        }
    }
}

/// A text for one or for several, with their number in place of `{}`.
pub(in crate::http::pages::desk) fn counted(count: usize, (one, several): (&str, &str)) -> String {
    match count {
        1 => one.to_owned(),
        count => several.replace("{}", &count.to_string()),
    }
}
