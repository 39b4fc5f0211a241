//! Export tasks: open data, past grants, the pre-flight of a package, and the calendar of
//! gatherings.

use std::path::Path;

use super::audit::not_checked;
use super::{TaskError, open_organisation};
use crate::clock::Clock;
use crate::clock::day_of;
use crate::commands::Commands;
use crate::config::{Config, ExportTask};
use crate::eventlog::TimestampSource;
use crate::export::calendar::{Calendar, sessions_for_calendar};
use crate::export::open_data::{self, Places, PlacesError, Publisher, PublishingDefect, preflight};
use crate::projections::{GroupRow, PastGrantRow, Projector};
use crate::store::{Store, StoreError};
use crate::views::Views;

/// Publisher prefix of the demonstration. It is assigned to no organisation.
const DEMO_PREFIX: &str = "360G-example";

pub(super) async fn run(config: &Config, task: ExportTask) -> Result<(), TaskError> {
    match task {
        ExportTask::OpenData { file } => grants(config, &file).await,
        ExportTask::History { file } => history(config, &file).await,
        ExportTask::Preflight { file } => {
            let package = std::fs::read_to_string(&file)
                .map_err(|error| not_checked(format!("{}: {error}", file.display())))?;
            let package = serde_json::from_str(&package).map_err(not_checked)?;
            report_defects(&preflight(&package, day_of(Clock::System.now())))?;
            print_line!("the package may be published");
            Ok(())
        }
        ExportTask::Calendar { file } => calendar(config, &file).await,
    }
}

/// Views for an export. If a service has the SQLite database open, they read a copy, which is
/// deleted when this value is dropped.
struct ExportSource {
    commands: Commands,
    views: Views,
    /// The private folder of the copy. It is removed on drop.
    _copy: Option<tempfile::TempDir>,
}

impl ExportSource {
    /// Opens the views after bringing the read models up to the end of the log.
    async fn open(config: &Config) -> Result<Self, TaskError> {
        match Self::open_database(config, None).await {
            Err(TaskError::Store(StoreError::Locked(_))) => {
                let folder = tempfile::Builder::new()
                    .prefix("microgrants-export")
                    .tempdir()
                    .map_err(not_checked)?;
                let file = folder.path().join("copy.db");
                let config = Config {
                    database_url: Store::copy_sqlite(&config.database_url, &file).await?,
                    ..config.clone()
                };
                Self::open_database(&config, Some(folder)).await
            }
            opened => opened,
        }
    }

    async fn open_database(
        config: &Config,
        copy: Option<tempfile::TempDir>,
    ) -> Result<Self, TaskError> {
        let opened = open_organisation(config, TimestampSource::Database, Clock::System).await?;
        let projector = Projector::open(opened.commands.log().clone()).await?;
        while projector.advance().await? {}
        Ok(Self {
            views: Views::new(opened.commands.log().clone(), projector),
            commands: opened.commands,
            _copy: copy,
        })
    }
}

async fn history(config: &Config, file: &Path) -> Result<(), TaskError> {
    let source = ExportSource::open(config).await?;
    let views = &source.views;
    let past_grants = views.all_rows::<PastGrantRow>(None, Vec::new()).await?;
    let groups = views.all_rows::<GroupRow>(None, Vec::new()).await?;
    let history = open_data::past_grant_records(&groups, &past_grants);
    if history.is_empty() {
        return Err(not_checked("no group has a grant from before"));
    }
    write(
        file,
        &if is_csv(file) {
            open_data::past_grants_csv(&history)
        } else {
            open_data::past_grants_json(&history)
        },
    )?;
    print_line!(
        "{} grants from before are in {}",
        history.len(),
        file.display()
    );
    Ok(())
}

fn is_csv(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

fn write(file: &Path, text: &str) -> Result<(), TaskError> {
    std::fs::write(file, text).map_err(|error| not_checked(format!("{}: {error}", file.display())))
}

async fn grants(config: &Config, file: &Path) -> Result<(), TaskError> {
    let address = config.public_address(config.listen);
    let mut by = publisher(config, false, &address).ok_or_else(|| {
        not_checked("name the prefix that 360Giving gave, with --publisher-prefix")
    })?;
    let places = places(config, false)?;
    let source = ExportSource::open(config).await?;
    let set = config.set_by_operator();
    by.address = set.public_address(&source.commands, &address).await?;
    let published = source.views.published().await?;
    let checked = open_data::build_package(&published, &by, &places, day_of(Clock::System.now()));
    report_defects(
        &checked
            .held_back
            .into_iter()
            .flat_map(|(_, faults)| faults)
            .collect::<Vec<_>>(),
    )?;
    if checked.package.grants.is_empty() {
        return Err(not_checked(
            "no grant has been accepted yet: there is nothing to publish",
        ));
    }
    write(
        file,
        &if is_csv(file) {
            checked.package.to_csv()
        } else {
            checked.package.to_json()
        },
    )?;
    print_line!(
        "{} grants are in {}",
        checked.package.grants.len(),
        file.display()
    );
    Ok(())
}

async fn calendar(config: &Config, file: &Path) -> Result<(), TaskError> {
    let source = ExportSource::open(config).await?;
    let started_with = config.public_address(config.listen);
    let set = config.set_by_operator();
    let address = set.public_address(&source.commands, &started_with).await?;
    let id = source.commands.organisation();
    let own = source.views.cached_organisation(id).await?;
    let today = day_of(Clock::System.now());
    let calendar = Calendar {
        name: own.map_or_else(String::new, |own| own.name.clone()),
        address,
        sessions: sessions_for_calendar(&source.views, None, today).await?,
    };
    write(file, &calendar.to_text())?;
    print_line!(
        "{} sessions are in {}",
        calendar.sessions.len(),
        file.display()
    );
    Ok(())
}

/// Prints faults; an error if there are any.
fn report_defects(faults: &[PublishingDefect]) -> Result<(), TaskError> {
    for fault in faults {
        print_line!("{fault}");
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(TaskError::NotPublished(faults.len()))
    }
}

/// The publisher, if a prefix is configured. The demonstration has a prefix that is assigned to no
/// organisation.
pub(super) fn publisher(config: &Config, demo: bool, address: &str) -> Option<Publisher> {
    let prefix = config
        .publisher_prefix
        .clone()
        .or_else(|| demo.then(|| DEMO_PREFIX.to_owned()))?;
    Some(Publisher {
        prefix,
        org_id: config.publisher_org_id.clone(),
        website: config.publisher_website.clone(),
        licence: config.licence.clone(),
        address: address.to_owned(),
    })
}

/// Configured places, or those of the demonstration, or none.
pub(super) fn places(config: &Config, demo: bool) -> Result<Places, PlacesError> {
    match &config.places {
        Some(file) => Places::read(file),
        None if demo => Ok(Places::illustrative()),
        None => Ok(Places::default()),
    }
}
