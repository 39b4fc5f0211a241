//! Map from areas to the geographic codes of the Office for National Statistics, read from the
//! operator's `places.csv`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::domain::text::Slug;

/// Built-in places of the demonstration.
const DEMO_PLACES: &str = include_str!("../../../seeds/places.csv");

/// Accepted values of 360Giving's `geoCodeType`: wards and larger areas, which do not identify a
/// home.
const GEO_CODE_KINDS: [&str; 8] = ["WD", "PAR", "MD", "LONB", "NMD", "UA", "CTY", "RGN"];

/// A place, as named in open data: one line of `places.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub area: Slug,
    pub name: String,
    /// Nine letters and digits.
    pub code: String,
    /// Type of the code in 360Giving's code list: `MD` is a metropolitan district, `WD` a ward.
    pub kind: String,
}

/// The operator's places, by area.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(BTreeMap<Slug, Place>);

/// Why `places.csv` cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PlacesError {
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    #[error("line {0}: {1}")]
    Line(u64, String),
}

impl Places {
    /// Reads `places.csv` with the columns `area`, `name`, `code` and `kind`. One wrong line
    /// rejects the file.
    pub fn read(file: &Path) -> Result<Self, PlacesError> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| PlacesError::File(file.display().to_string(), error))?;
        Self::parse(&text)
    }

    /// The built-in places of the demonstration.
    ///
    /// # Panics
    /// Never: a test parses them.
    #[must_use]
    pub fn illustrative() -> Self {
        Self::parse(DEMO_PLACES).expect("the seeds are whole")
    }

    fn parse(text: &str) -> Result<Self, PlacesError> {
        let mut places = BTreeMap::new();
        for (at, line) in
            (2..).zip(::csv::Reader::from_reader(text.as_bytes()).deserialize::<Place>())
        {
            let wrong = |says: String| PlacesError::Line(at, says);
            let place = line.map_err(|error| wrong(error.to_string()))?;
            let coded = place.code.len() == 9
                && place.code.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !coded || place.name.trim().is_empty() {
                return Err(wrong(format!(
                    "{} needs a name, and a code of nine letters and digits",
                    place.area
                )));
            }
            if !GEO_CODE_KINDS.contains(&place.kind.as_str()) {
                return Err(wrong(format!(
                    "{} is none of {}: nothing smaller than a ward is published",
                    place.kind,
                    GEO_CODE_KINDS.join(", ")
                )));
            }
            if let Some(twice) = places.insert(place.area.clone(), place) {
                return Err(wrong(format!("{} stands twice", twice.area)));
            }
        }
        Ok(Self(places))
    }

    #[must_use]
    pub fn get(&self, area: &Slug) -> Option<&Place> {
        self.0.get(area)
    }
}

impl Place {
    /// 360Giving's location scope code: `GLS060` for a local area, `GLS050` for an authority.
    pub(super) fn scope(&self) -> &'static str {
        if matches!(self.kind.as_str(), "WD" | "PAR") {
            "GLS060"
        } else {
            "GLS050"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_codes_and_nothing_smaller_than_a_ward() {
        assert!(
            Places::illustrative()
                .get(&"oldham".parse().unwrap())
                .is_some()
        );
        for line in [
            "oldham,Oldham,E0800000,MD",
            "oldham,,E08000004,MD",
            "oldham,Oldham,OL1 1AA..,MD",
            "oldham,Oldham,E01000001,LSOA",
            "O,Oldham,E08000004,MD",
        ] {
            let told = Places::parse(&format!("area,name,code,kind\n{line}\n"))
                .unwrap_err()
                .to_string();
            assert!(
                told.contains("line 2") || told.contains("LSOA"),
                "{line}: {told}"
            );
        }
        assert!(
            Places::parse("area,name,code,kind\na,A,E08000004,MD\na,B,E08000004,MD\n").is_err()
        );
    }
}
