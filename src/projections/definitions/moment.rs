//! Timestamps in rows, written so that texts sort as times do: lists are ordered by them.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::eventlog::recorded_event::RecordedEvent;

/// Always with six decimals of a second.
const TEXT: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// When a record was created or last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Timestamp);

impl Moment {
    /// When an event was recorded.
    pub(in crate::projections) fn of(event: &RecordedEvent) -> Self {
        Self(event.recorded_at)
    }

    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&TEXT.timestamp_to_string(&self.0))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Timestamp::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_texts_they_sort_as_they_are() {
        let moments = [0, 1, 999_999, 1_000_000, 1_000_001, 1_700_000_000_000_000]
            .map(|at| Moment(Timestamp::from_microsecond(at).unwrap()));
        let texts = moments.map(|moment| serde_json::to_string(&moment).unwrap());
        assert!(texts.is_sorted(), "{texts:?}");
        assert_eq!(texts[3], "\"1970-01-01T00:00:01.000000Z\"");
        assert_eq!(
            texts.map(|text| serde_json::from_str::<Moment>(&text).unwrap()),
            moments
        );
    }
}
