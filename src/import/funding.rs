//! Import of funding: one allocation to a fund per line.

use super::line::{ImportLine, RowError};
use super::{ExistingRecords, PlannedCommand, slugify};
use crate::domain::fund::Allocate;
use crate::domain::funding_source::FundingSource;
use crate::domain::text::Line as Name;
use crate::domain::{Command, FundCommand, FundId};

pub(super) fn plan_commands(
    line: &ImportLine,
    there: &ExistingRecords,
) -> Result<Vec<PlannedCommand>, RowError> {
    let reference: Name = line.parse(&["reference"])?;
    let fund = there.find_fund(line.required(&["fund"])?)?;
    let source = FundingSource {
        funder: slugify(line.required(&["funder"])?)?,
        area: line.find(&["area"]).map(slugify).transpose()?,
    };
    let amount = line.money(&["amount"])?;
    let says = format!("{amount} from {} will go to {}", source.funder, fund.name);
    let own = format!("import/funding/{}/{reference}", fund.id);
    let allocate = Allocate {
        source,
        amount,
        reference,
        received_on: line.day(&["received_on", "received on", "date"])?,
    };
    let command = Command::Fund(FundId(fund.id), FundCommand::Allocate(allocate));
    Ok(vec![PlannedCommand {
        line: line.number,
        description: says,
        key: own,
        command,
        needs_new_group: false,
    }])
}
