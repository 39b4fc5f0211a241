//! The columns by which the lists of the desk can be sorted: one enum for each list. No SQL is
//! built from the text of a query.
//!
//! A key is never NULL: an empty value is replaced by one that sorts last in either direction, so
//! that one comparison finds the next page.

use super::Engine;
use super::view_rows::{CURRENT, alias_in_live_generation};

/// Sorts after all texts that are sort keys. They are ASCII and have no tilde at their start.
const AFTER_ALL_TEXTS: &str = "~~";

/// A sort key of one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListKey {
    pub(super) table: &'static str,
    source: KeySource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeySource {
    /// A column that always has a value, and whose order is that of an index.
    Indexed(&'static str),
    /// A text of the row.
    Text(&'static str),
    /// A number of the row.
    Number(&'static str),
    /// An amount of money of the row.
    Amount(&'static str),
    /// How many members a list of the row has.
    Length(&'static str),
    /// The name of the row's group.
    GroupName,
    /// The name of the group of the row's grant.
    NameOfGrantsGroup,
}

macro_rules! list_columns {
    ($(
        $(#[$doc:meta])*
        $name:ident of $table:literal { $($column:ident = $source:expr),+ $(,)? }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($column),+ }

        impl $name {
            #[must_use]
            pub const fn key(self) -> ListKey {
                let source = match self { $(Self::$column => $source),+ };
                ListKey { table: $table, source }
            }
        }
    )+};
}

use KeySource as K;
list_columns! {
    /// The columns of applications.
    ApplicationColumn of "applications" {
        Urgency = K::Indexed("urgency"),
        Group = K::GroupName,
        Number = K::Text("reference"),
        State = K::Text("state"),
        Round = K::Text("round"),
        Area = K::Text("area"),
        Activity = K::Text("activity"),
        Requested = K::Amount("requested"),
        Awarded = K::Amount("awarded"),
        Rank = K::Number("rank"),
        Submitted = K::Text("submitted_on"),
        Decided = K::Text("decided_on"),
        Language = K::Text("language"),
        Channel = K::Text("channel"),
    }
    /// The columns of grants.
    GrantColumn of "grants" {
        Urgency = K::Indexed("urgency"),
        Group = K::GroupName,
        State = K::Text("state"),
        Round = K::Text("round"),
        Area = K::Text("area"),
        Theme = K::Text("theme"),
        Awarded = K::Amount("awarded"),
        PaidNet = K::Amount("paid_net"),
        DueBack = K::Amount("due_back"),
        Offered = K::Text("offered_on"),
        Ends = K::Text("ends_on"),
        UpdateDue = K::Text("update_due_on"),
    }
    /// The columns of payments.
    PaymentColumn of "payments" {
        Urgency = K::Indexed("urgency"),
        Group = K::NameOfGrantsGroup,
        Amount = K::Amount("amount"),
        State = K::Text("state"),
        Route = K::Text("route"),
        Prepared = K::Text("prepared_on"),
        Sent = K::Text("sent_on"),
        Paid = K::Text("paid_on"),
        Batch = K::Text("batch"),
    }
    /// The columns of updates.
    UpdateColumn of "updates" {
        Urgency = K::Indexed("urgency"),
        Group = K::NameOfGrantsGroup,
        Due = K::Text("due_on"),
        State = K::Text("state"),
        Received = K::Text("received_on"),
        Reminded = K::Text("reminded_on"),
        People = K::Number("people"),
        Volunteers = K::Number("volunteers"),
        Spent = K::Amount("spent"),
    }
    /// The columns of groups.
    GroupColumn of "groups" {
        Name = K::Indexed("name_key"),
        Area = K::Text("area"),
        Standing = K::Text("standing"),
        Members = K::Length("members"),
        OpenGrants = K::Length("open_grants"),
        Registered = K::Indexed("created_at"),
        Changed = K::Text("updated_at"),
    }
    /// The columns of people. Their names are encrypted, so the database cannot sort by them.
    PersonColumn of "people" {
        Registered = K::Indexed("created_at"),
        Groups = K::Length("groups"),
    }
    /// The columns of gatherings.
    GatheringColumn of "gatherings" {
        Title = K::Text("title"),
        Kind = K::Text("kind"),
        State = K::Text("state"),
        Area = K::Text("area"),
        Planned = K::Indexed("created_at"),
    }
    /// The columns of entries of the directory.
    AssetColumn of "assets" {
        Name = K::Text("name"),
        Way = K::Text("way"),
        Kind = K::Text("kind"),
        State = K::Text("state"),
        Area = K::Text("area"),
        Stale = K::Text("stale_on"),
        Recorded = K::Indexed("created_at"),
    }
    /// The columns of barriers.
    BarrierColumn of "barriers" {
        Raised = K::Indexed("created_at"),
        State = K::Text("state"),
        Area = K::Text("area"),
        Theme = K::Text("theme"),
        Due = K::Text("due_on"),
        People = K::Number("people"),
    }
}

impl ListKey {
    /// The table whose rows it sorts.
    #[must_use]
    pub fn table(self) -> &'static str {
        self.table
    }

    /// Whether the rows with one state have an index in this order.
    pub(super) fn is_indexed_by_state(self) -> bool {
        self.source == K::Indexed("urgency")
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self.source, K::Number(_) | K::Amount(_) | K::Length(_))
    }

    /// The key of the row `v` in SQL.
    pub(super) fn sql(self, engine: Engine, descending: bool) -> String {
        let value = match self.source {
            K::Indexed(column) => return format!("v.{column}"),
            K::Text(name) => engine.field("v.body", name),
            K::Number(name) => format!("CAST({} AS bigint)", engine.field("v.body", name)),
            K::Amount(name) => engine.pence("v.body", name),
            K::Length(name) => engine.list_length("v.body", name),
            K::GroupName => group_name("v.group_id"),
            K::NameOfGrantsGroup => format!(
                "(SELECT {} FROM view_grants t WHERE t.organisation = $1 AND {} \
                    AND t.until = {CURRENT} AND t.id = v.grant_id)",
                group_name("t.group_id"),
                alias_in_live_generation("t", "grants")
            ),
        };
        match (self.is_number(), descending) {
            (true, true) => format!("COALESCE({value}, -1)"),
            (true, false) => format!("COALESCE({value}, {})", i64::MAX),
            (false, true) => engine.bytewise(&format!("COALESCE({value}, '')")),
            (false, false) => engine.bytewise(&format!("COALESCE({value}, '{AFTER_ALL_TEXTS}')")),
        }
    }
}

fn group_name(id: &str) -> String {
    format!(
        "(SELECT g.name_key FROM view_groups g WHERE g.organisation = $1 AND {} \
            AND g.until = {CURRENT} AND g.id = {id})",
        alias_in_live_generation("g", "groups")
    )
}

/// An amount of money of the rows, for the sum over a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListAmount {
    Requested,
    Awarded,
    PaidNet,
    Amount,
}

impl ListAmount {
    /// The amount of the row `v` in pence; 0 if it has none.
    pub(super) fn sql(self, engine: Engine) -> String {
        let name = match self {
            Self::Requested => "requested",
            Self::Awarded => "awarded",
            Self::PaidNet => "paid_net",
            Self::Amount => "amount",
        };
        format!("COALESCE({}, 0)", engine.pence("v.body", name))
    }
}
