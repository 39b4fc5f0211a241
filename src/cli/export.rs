//! Export tasks: open data, past grants, the pre-flight of a package, the calendar of gatherings,
//! the directory, the network, and money with its results.

use std::path::Path;

use super::audit::not_checked;
use super::{TaskError, open_organisation};
use crate::clock::Clock;
use crate::clock::day_of;
use crate::commands::Commands;
use crate::config::{Config, ExportTask};
use crate::eventlog::TimestampSource;
use crate::export::calendar::{Calendar, sessions_for_calendar};
use crate::export::network::to_graphml;
use crate::export::open_data::{self, Places, PlacesError, Publisher, PublishingDefect, preflight};
use crate::export::open_referral;
use crate::export::value::value_sheet;
use crate::projections::{GroupRow, PastGrantRow, Projector};
use crate::store::{Store, StoreError};
use crate::views::{AsAt, ViewError, Views};

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
        ExportTask::OpenReferral { folder } => open_referral(config, &folder).await,
        ExportTask::Network { file, as_at } => network(config, &file, as_at.as_deref()).await,
        ExportTask::Value { file, fund, as_at } => {
            value(config, &file, fund.as_deref(), as_at.as_deref()).await
        }
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

    /// The position of a day or of a position in the log; `None` means now.
    async fn position_as_at(&self, as_at: Option<&str>) -> Result<Option<i64>, TaskError> {
        let Some(text) = as_at else {
            return Ok(None);
        };
        let as_at = text
            .parse::<AsAt>()
            .map_err(|error| not_checked(format!("--as-at: {error}")))?;
        let length = self.commands.log().length().await?;
        if matches!(as_at, AsAt::Position(position) if position >= length) {
            return Err(not_checked(format!("--as-at: {}", ViewError::BeyondLog)));
        }
        Ok(Some(self.views.position_as_at(as_at).await?))
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

fn write(file: &Path, text: impl AsRef<[u8]>) -> Result<(), TaskError> {
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
    write(file, calendar.to_text())?;
    print_line!(
        "{} sessions are in {}",
        calendar.sessions.len(),
        file.display()
    );
    Ok(())
}

async fn open_referral(config: &Config, folder: &Path) -> Result<(), TaskError> {
    let places = places(config, false)?;
    let source = ExportSource::open(config).await?;
    let office = source.commands.organisation().0;
    let today = day_of(Clock::System.now());
    let feed = open_referral::read(&source.views, office, &places, today).await?;
    let services: Vec<_> = feed.services.iter().map(|one| one.full.clone()).collect();
    let lists = [
        ("services.json", services),
        ("service_at_locations.json", feed.service_at_locations),
        ("taxonomies.json", vec![feed.taxonomy]),
        ("taxonomy_terms.json", feed.terms),
    ];
    std::fs::create_dir_all(folder)
        .map_err(|error| not_checked(format!("{}: {error}", folder.display())))?;
    for (name, items) in lists {
        let page = open_referral::page_of(&items, 1, items.len());
        write(&folder.join(name), format!("{page:#}\n"))?;
    }
    print_line!(
        "{} services are in {}",
        feed.services.len(),
        folder.display()
    );
    Ok(())
}

async fn network(config: &Config, file: &Path, as_at: Option<&str>) -> Result<(), TaskError> {
    let source = ExportSource::open(config).await?;
    let as_at = source.position_as_at(as_at).await?;
    let network = source.views.network(as_at).await?;
    write(file, to_graphml(&network))?;
    print_line!(
        "{} groups and entries with {} ties are in {}",
        network.nodes.len(),
        network.ties.len(),
        file.display()
    );
    Ok(())
}

async fn value(
    config: &Config,
    file: &Path,
    fund: Option<&str>,
    as_at: Option<&str>,
) -> Result<(), TaskError> {
    let source = ExportSource::open(config).await?;
    let as_at = source.position_as_at(as_at).await?;
    let mut value = source.views.value(None, as_at).await?;
    if let Some(fund) = fund {
        value
            .by_fund
            .retain(|line| line.name.as_deref() == Some(fund) || line.of.as_deref() == Some(fund));
        if value.by_fund.is_empty() {
            return Err(not_checked(format!("--fund: there is no fund {fund}")));
        }
    }
    let sheet = value_sheet(&value);
    if is_csv(file) {
        write(file, sheet.to_csv())?;
    } else {
        write(file, sheet.to_xlsx().map_err(not_checked)?)?;
    }
    print_line!("{} funds are in {}", value.by_fund.len(), file.display());
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
