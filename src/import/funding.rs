//! Import of funding: one allocation to a fund per line.

use super::table::{Line, Wrong};
use super::{Step, There, key};
use crate::domain::fund::Allocate;
use crate::domain::source::Source;
use crate::domain::text::Line as Name;
use crate::domain::{Command, FundCommand, FundId};

pub(super) fn steps(line: &Line, there: &There) -> Result<Vec<Step>, Wrong> {
    let reference: Name = line.parsed(&["reference"])?;
    let fund = there.fund(line.must(&["fund"])?)?;
    let source = Source {
        funder: key(line.must(&["funder"])?)?,
        area: line.find(&["area"]).map(key).transpose()?,
    };
    let amount = line.money(&["amount"])?;
    let says = format!(
        "{amount} from {} is allocated to {}",
        source.funder, fund.name
    );
    let own = format!("import/funding/{}/{reference}", fund.id);
    let allocate = Allocate {
        source,
        amount,
        reference,
        received_on: line.day(&["received_on", "received on", "date"])?,
    };
    let command = Command::Fund(FundId(fund.id), FundCommand::Allocate(allocate));
    Ok(vec![Step {
        line: line.number,
        says,
        key: own,
        command,
        rests_on_new: false,
    }])
}
