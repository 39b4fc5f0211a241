//! Payment file as a message of ISO 20022: pain.001, the customer credit transfer initiation, for
//! Faster Payments and Bacs.
//!
//! The end-to-end id of a payment is its reference. The bank repeats it in its statement, by which
//! the payment is found there.

use std::fmt::Write as _;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::payment_file::{PaymentLine, PaymentOrder};
use crate::domain::Money;
use crate::domain::organisation::ReturnAccount;

/// Format of a payment file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum FileFormat {
    #[default]
    #[serde(rename = "csv")]
    Csv,
    #[serde(rename = "pain.001.001.03")]
    Pain00103,
    #[serde(rename = "pain.001.001.09")]
    Pain00109,
}

impl FileFormat {
    /// Extension of the file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Pain00103 | Self::Pain00109 => "xml",
        }
    }

    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Pain00103 | Self::Pain00109 => "application/xml; charset=utf-8",
        }
    }
}

/// Version of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageVersion {
    V03,
    V09,
}

impl MessageVersion {
    fn namespace(self) -> &'static str {
        match self {
            Self::V03 => "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03",
            Self::V09 => "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09",
        }
    }
}

/// What a bank wants in the message besides the payments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditTransfer {
    #[serde(default)]
    pub service: PaymentService,
    /// The bank's own code for the service.
    #[serde(default)]
    pub service_level: Option<ServiceLevel>,
    #[serde(default)]
    pub accounts: AccountForm,
    #[serde(default)]
    pub roll_numbers: RollNumbers,
    /// The account that the office pays from. Without it, the account to which groups return
    /// money, from the organisation's settings.
    #[serde(default)]
    pub from: Option<ReturnAccount>,
}

/// The service by which the bank makes the payments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentService {
    #[default]
    FasterPayments,
    Bacs,
}

impl PaymentService {
    /// The code of the service in the list of ISO 20022.
    fn code(self) -> &'static str {
        match self {
            Self::FasterPayments => "URNS",
            Self::Bacs => "NURG",
        }
    }

    /// Maximum number of characters of a name.
    fn name_max(self) -> usize {
        match self {
            Self::FasterPayments => 40,
            Self::Bacs => 18,
        }
    }
}

/// A code for a service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ServiceLevel {
    /// A code of ISO 20022, such as `URGP`.
    Code(String),
    /// A code of the bank's own, such as `FAST`.
    Proprietary(String),
}

/// How an account is written. The sort code is given as the code of its bank in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountForm {
    /// The account number: eight digits.
    #[default]
    Number,
    /// Sort code and account number: fourteen digits, with the scheme `BBAN`.
    Bban,
}

/// Where the roll number of a building society's account is written. The message has no element of
/// its own for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollNumbers {
    /// Nowhere: payments to such accounts are left out of the file.
    #[default]
    LeftOut,
    /// In the text for the payee (`Ustrd`), which the bank sends as the reference.
    AsReference,
}

impl CreditTransfer {
    /// Whether the code for the service is valid in the message.
    pub(super) fn is_valid(&self) -> bool {
        let fits = |text: &str, most: usize| {
            (1..=most).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        match &self.service_level {
            None => true,
            Some(ServiceLevel::Code(code)) => fits(code, 4),
            Some(ServiceLevel::Proprietary(word)) => fits(word, 35),
        }
    }
}

type Xml = Writer<Vec<u8>>;

/// The message to write.
struct CreditTransferMessage<'a> {
    version: MessageVersion,
    options: &'a CreditTransfer,
    from: &'a ReturnAccount,
    lines: &'a [PaymentLine],
    order: &'a PaymentOrder,
    /// Identifies the message to the bank.
    id: String,
    total: String,
}

/// Writes the message of payments from an account.
pub(super) fn write(
    version: MessageVersion,
    options: &CreditTransfer,
    from: &ReturnAccount,
    lines: &[PaymentLine],
    order: &PaymentOrder,
) -> String {
    let total: Money = lines.iter().map(|line| line.amount).sum();
    let message = CreditTransferMessage {
        version,
        options,
        from,
        lines,
        order,
        id: message_id(lines, order),
        total: total.into(),
    };
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 1);
    let written = message.write(&mut xml);
    written
        .ok()
        .and_then(|()| String::from_utf8(xml.into_inner()).ok())
        .unwrap_or_default()
}

/// The id of a message, derived from its payments: a bank refuses the same payments a second time.
fn message_id(lines: &[PaymentLine], order: &PaymentOrder) -> String {
    let mut content = order.batch.clone();
    for line in lines {
        let _ = write!(
            content,
            "\n{} {} {} {}",
            line.sort_code,
            line.account_number,
            line.amount.pence(),
            line.reference
        );
        if !line.roll_number.is_empty() {
            let _ = write!(content, " {}", line.roll_number);
        }
    }
    let mut id = hex::encode(Sha256::digest(content));
    id.truncate(32);
    id
}

impl CreditTransferMessage<'_> {
    fn write(&self, xml: &mut Xml) -> io::Result<()> {
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        xml.create_element("Document")
            .with_attribute(("xmlns", self.version.namespace()))
            .write_inner_content(|xml| {
                within(xml, "CstmrCdtTrfInitn", |xml| {
                    within(xml, "GrpHdr", |xml| self.write_header(xml))?;
                    within(xml, "PmtInf", |xml| self.write_instruction(xml))
                })
            })?;
        Ok(())
    }

    fn write_header(&self, xml: &mut Xml) -> io::Result<()> {
        // Without the time, so that a file that is made twice on a day has the same bytes.
        let created = format!("{}T00:00:00", self.order.made_on);
        leaf(xml, "MsgId", &self.id)?;
        leaf(xml, "CreDtTm", &created)?;
        leaf(xml, "NbOfTxs", &self.lines.len().to_string())?;
        leaf(xml, "CtrlSum", &self.total)?;
        nested(
            xml,
            &["InitgPty", "Nm"],
            &self.name(self.from.holder.as_str()),
        )
    }

    /// The payments from the account. Each is a movement of its own in the statement.
    fn write_instruction(&self, xml: &mut Xml) -> io::Result<()> {
        let (sort_code, number) = self.from.digits();
        leaf(xml, "PmtInfId", &self.id)?;
        leaf(xml, "PmtMtd", "TRF")?;
        leaf(xml, "BtchBookg", "false")?;
        leaf(xml, "NbOfTxs", &self.lines.len().to_string())?;
        leaf(xml, "CtrlSum", &self.total)?;
        let (kind, word) = self.service_level();
        nested(xml, &["PmtTpInf", "SvcLvl", kind], word)?;
        // A bank does not pay on a day in the past.
        let day = self.order.on.max(self.order.made_on).to_string();
        match self.version {
            MessageVersion::V03 => leaf(xml, "ReqdExctnDt", &day)?,
            MessageVersion::V09 => nested(xml, &["ReqdExctnDt", "Dt"], &day)?,
        }
        nested(xml, &["Dbtr", "Nm"], &self.name(self.from.holder.as_str()))?;
        within(xml, "DbtrAcct", |xml| {
            within(xml, "Id", |xml| self.write_account(xml, sort_code, number))?;
            leaf(xml, "Ccy", "GBP")
        })?;
        within(xml, "DbtrAgt", |xml| write_bank(xml, sort_code))?;
        leaf(xml, "ChrgBr", "SHAR")?;
        for line in self.lines {
            within(xml, "CdtTrfTxInf", |xml| self.write_payment(xml, line))?;
        }
        Ok(())
    }

    fn service_level(&self) -> (&'static str, &str) {
        match &self.options.service_level {
            None => ("Cd", self.options.service.code()),
            Some(ServiceLevel::Code(code)) => ("Cd", code.as_str()),
            Some(ServiceLevel::Proprietary(word)) => ("Prtry", word.as_str()),
        }
    }

    fn write_payment(&self, xml: &mut Xml, line: &PaymentLine) -> io::Result<()> {
        let amount: String = line.amount.into();
        nested(xml, &["PmtId", "EndToEndId"], &line.reference)?;
        within(xml, "Amt", |xml| {
            xml.create_element("InstdAmt")
                .with_attribute(("Ccy", "GBP"))
                .write_text_content(BytesText::new(&amount))?;
            Ok(())
        })?;
        within(xml, "CdtrAgt", |xml| write_bank(xml, &line.sort_code))?;
        nested(xml, &["Cdtr", "Nm"], &self.name(&line.holder))?;
        within(xml, "CdtrAcct", |xml| {
            within(xml, "Id", |xml| {
                self.write_account(xml, &line.sort_code, &line.account_number)
            })
        })?;
        let for_payee = match self.options.roll_numbers {
            RollNumbers::AsReference if !line.roll_number.is_empty() => &line.roll_number,
            RollNumbers::AsReference | RollNumbers::LeftOut => &line.reference,
        };
        nested(xml, &["RmtInf", "Ustrd"], for_payee)
    }

    fn write_account(&self, xml: &mut Xml, sort_code: &str, number: &str) -> io::Result<()> {
        within(xml, "Othr", |xml| match self.options.accounts {
            AccountForm::Number => leaf(xml, "Id", number),
            AccountForm::Bban => {
                leaf(xml, "Id", &format!("{sort_code}{number}"))?;
                nested(xml, &["SchmeNm", "Cd"], "BBAN")
            }
        })
    }

    fn name(&self, name: &str) -> String {
        to_message_characters(name, self.options.service.name_max())
    }
}

/// A bank by its sort code: a member of the UK's clearing (GBDSC).
fn write_bank(xml: &mut Xml, sort_code: &str) -> io::Result<()> {
    within(xml, "FinInstnId", |xml| {
        within(xml, "ClrSysMmbId", |xml| {
            nested(xml, &["ClrSysId", "Cd"], "GBDSC")?;
            leaf(xml, "MmbId", sort_code)
        })
    })
}

/// Writes an element with a text.
fn leaf(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name)
        .write_text_content(BytesText::new(text))?;
    Ok(())
}

/// Writes an element with content.
fn within(
    xml: &mut Xml,
    name: &str,
    content: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    xml.create_element(name).write_inner_content(content)?;
    Ok(())
}

/// Writes nested elements, the innermost with a text.
fn nested(xml: &mut Xml, names: &[&str], text: &str) -> io::Result<()> {
    match names {
        [] => Ok(()),
        [name] => leaf(xml, name, text),
        [name, inner @ ..] => within(xml, name, |xml| nested(xml, inner, text)),
    }
}

/// Transliterates a name to characters that every bank accepts in a message: those of SEPA, without
/// the slash, which banks use as a separator. An ampersand becomes "and".
fn to_message_characters(name: &str, most: usize) -> String {
    let kept = |c: char| {
        if c.is_ascii_alphanumeric() || "-?:().,'+".contains(c) {
            c
        } else {
            ' '
        }
    };
    let plain = deunicode::deunicode(&name.replace('&', " and "));
    let words: String = plain.chars().map(kept).collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = words
        .trim_start_matches(['-', ':'])
        .trim_start()
        .chars()
        .take(most)
        .collect();
    match cut.trim_end() {
        "" => "NOTPROVIDED".to_owned(),
        cut => cut.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::*;

    fn account(holder: &str) -> ReturnAccount {
        ReturnAccount {
            holder: holder.parse().unwrap(),
            numbers: "20-00-00 00112233".parse().unwrap(),
        }
    }

    fn lines() -> Vec<PaymentLine> {
        let line = |holder: &str, amount: &str, reference: &str| PaymentLine {
            sort_code: "123456".into(),
            account_number: "00345678".into(),
            roll_number: String::new(),
            holder: holder.into(),
            amount: amount.parse().unwrap(),
            reference: reference.into(),
        };
        vec![
            line("Soup & Song, CIC", "850.5", "GR000018P1"),
            line(
                "Łódź friends of <the> very \"long\" name of a society",
                "1200",
                "GR000019P2",
            ),
        ]
    }

    fn order() -> PaymentOrder {
        PaymentOrder {
            batch: "fund/batch-2026-11-28-1".to_owned(),
            on: date(2026, 11, 28),
            made_on: date(2026, 11, 28),
        }
    }

    /// `tests/bank/validate.py` checks these files against the official schemas.
    #[test]
    fn the_messages_are_those_that_are_checked_against_the_schemas() {
        let options = CreditTransfer::default();
        let from = account("Neighbourhood Action");
        let message = |version, options| write(version, options, &from, &lines(), &order());
        assert_eq!(
            message(MessageVersion::V09, &options),
            include_str!("../../tests/bank/pain.001.001.09.xml").trim_end()
        );
        let options = CreditTransfer {
            service: PaymentService::Bacs,
            service_level: Some(ServiceLevel::Proprietary("BACS".to_owned())),
            accounts: AccountForm::Bban,
            roll_numbers: RollNumbers::default(),
            from: None,
        };
        assert_eq!(
            message(MessageVersion::V03, &options),
            include_str!("../../tests/bank/pain.001.001.03.xml").trim_end()
        );
    }

    #[test]
    fn the_same_payments_have_the_same_id_and_others_another() {
        let id = |lines: &[PaymentLine]| message_id(lines, &order());
        let mut others = lines();
        others[1].amount = Money::from_pounds(1201);
        assert_eq!(id(&lines()), id(&lines()));
        assert_ne!(id(&lines()), id(&others));
        let fund = PaymentOrder {
            batch: "other/batch-2026-11-28-1".to_owned(),
            ..order()
        };
        assert_ne!(id(&lines()), message_id(&lines(), &fund));
        assert_eq!(id(&lines()).len(), 32);
    }

    #[test]
    fn a_roll_number_is_the_text_for_the_payee() {
        let mut with_roll = lines();
        with_roll[0].roll_number = "A/123456-7".to_owned();
        let options = CreditTransfer {
            roll_numbers: RollNumbers::AsReference,
            ..CreditTransfer::default()
        };
        let from = account("Our office");
        let text = write(MessageVersion::V09, &options, &from, &with_roll, &order());
        let all = |name: &str| -> Vec<&str> {
            let parts = text.split(name).skip(1).step_by(2);
            parts
                .map(|part| part.trim_matches(['<', '>', '/']))
                .collect()
        };
        assert_eq!(all("EndToEndId"), ["GR000018P1", "GR000019P2"]);
        assert_eq!(all("Ustrd"), ["A/123456-7", "GR000019P2"]);
        assert_ne!(
            message_id(&with_roll, &order()),
            message_id(&lines(), &order())
        );
    }

    #[test]
    fn a_bank_is_not_asked_to_pay_on_a_day_that_is_over() {
        let from = account("Our office");
        let day_of = |on: Date| {
            let order = PaymentOrder { on, ..order() };
            let options = CreditTransfer::default();
            let text = write(MessageVersion::V03, &options, &from, &lines(), &order);
            let (_, rest) = text.split_once("<ReqdExctnDt>").unwrap();
            rest.split('<').next().unwrap().to_owned()
        };
        assert_eq!(day_of(date(2026, 11, 20)), "2026-11-28");
        assert_eq!(day_of(date(2026, 12, 1)), "2026-12-01");
    }

    #[test]
    fn names_have_only_characters_that_every_bank_accepts() {
        for (name, written) in [
            ("Soup & Song, CIC", "Soup and Song, CIC"),
            ("Łódź", "Lodz"),
            ("O’Neill’s (north) Ltd.", "O'Neill's (north) Ltd."),
            ("c/o: The Hall", "c o: The Hall"),
            ("-=<Song>", "Song"),
            ("  two   spaces\t", "two spaces"),
            ("%%%", "NOTPROVIDED"),
            (
                "A name that is a good deal longer than banks allow",
                "A name that is a good deal longer than b",
            ),
            (
                "A name that is cut at the end of a word of",
                "A name that is cut at the end of a word",
            ),
        ] {
            assert_eq!(to_message_characters(name, 40), written, "{name}");
        }
    }
}
