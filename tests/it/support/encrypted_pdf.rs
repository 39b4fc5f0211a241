//! PDFs that are encrypted, with a password or without one.

use std::fmt::Write as _;

const ID: &str = "c2fc4ffa7910502c4c27516c752b81c8";

/// AES with 256 bits, as programs of today write it.
pub const AES_256_PASSWORD: &str = "\
    << /CF << /StdCF << /AuthEvent /DocOpen /CFM /AESV3 /Length 32 >> >> /Filter /Standar\
    d /Length 256 /O <f668af4f06278100bb835286b3718d27e74b8d9609d5ac278c452478c65542169d7f\
    44c8dc8263ca2c31699336a86668> /OE <f2e131ef1d2c064e33eeeec4bbb01dd86446e8053b265545d1c\
    59bb307992d4c> /P -1028 /Perms <d6e1223fa32ab90299d6349c2ff4aa89> /R 6 /StmF /StdCF /S\
    trF /StdCF /U <84731a9d4b427e7510e9ae855e20b3a021ddff8b5b501f21e749de036af8569ed038248\
    b5853a33a2fbbf876c3d2b0b2> /UE <57d4495c24eb6cd854bcc9111b931c6866a993c48f8ee78a26874c\
    2ff13055d5> /V 5 >>";
/// AES with 128 bits and an owner's password only.
pub const AES_128_OWNER: &str = "\
    << /CF << /StdCF << /AuthEvent /DocOpen /CFM /AESV2 /Length 16 >> >> /Filter /Standar\
    d /Length 128 /O <77b8fb098022d3ab34237ea5643c08710ea5123fc5f88bf993a68cca5f12b40f> /\
    P -1028 /R 4 /StmF /StdCF /StrF /StdCF /U <9b677fdcff2e6a87f4cb37fb7a2d48360021446990b\
    9e4114071a4d9104984c1> /V 4 >>";
/// RC4 with 40 and with 128 bits, as older programs write it.
pub const RC4_40_PASSWORD: &str = "\
    << /Filter /Standard /V 1 /R 2 /Length 40 /P -1028 /O <92fe0f4454ad4c9644693f33c07cb54\
    f587dce1e2682fe9ecea6107a1ef630dd> /U <e49e697b407741de2dcdaa2b04940820a91ce1a24041059\
    681654bd84b309227> >>";
pub const RC4_128_PASSWORD: &str = "\
    << /Filter /Standard /V 2 /R 3 /Length 128 /P -1028 /O <0db5855fc5326569e765906caf64e4\
    429a4c20d6e996fdef963e9b5080f9e083> /U <48e055ecd62f567d5b27e5f7df0c6c9d00000000000000\
    000000000000000000> >>";
pub const RC4_40_OWNER: &str = "\
    << /Filter /Standard /V 1 /R 2 /Length 40 /P -1028 /O <c92422687facee686e373f10b5c7d04\
    738053152f7e2ee30e11c69ec442576ab> /U <2246d997a232ac9bb7a8d57079cc3efa623fdfb8af2cc4b\
    b162c3f6155b5c8e9> >>";
pub const RC4_128_OWNER: &str = "\
    << /Filter /Standard /V 2 /R 3 /Length 128 /P -1028 /O <566fa873ee33c797cd3b904fdadf81\
    4afa34df9a38f6ed41b984e2c6da2aa6f5> /U <e092dfbe78158ca5e839e98129f317e300000000000000\
    000000000000000000> >>";
pub const CERTIFICATE: &str = "<< /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s5 /V 4 >>";

/// A PDF of one empty page, with this dictionary of its encryption.
pub fn encrypted_pdf(encryption: &str) -> String {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>",
        encryption,
    ];
    let mut pdf = "%PDF-1.7\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (number, object) in (1..).zip(objects) {
        writeln!(table, "{:010} 00000 n ", pdf.len()).unwrap();
        writeln!(pdf, "{number} 0 obj\n{object}\nendobj").unwrap();
    }
    let table_at = pdf.len();
    format!(
        "{pdf}xref\n0 5\n{table}trailer\n<< /Size 5 /Root 1 0 R /ID [<{ID}><{ID}>] \
         /Encrypt 4 0 R >>\nstartxref\n{table_at}\n%%EOF\n"
    )
}
