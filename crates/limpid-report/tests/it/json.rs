#![expect(clippy::unwrap_used, reason = "writing to memory does not fail")]

use limpid_report::write_json;
use limpid_types::{Distribution, IndexReport};

fn json(report: &IndexReport) -> String {
    let mut out = Vec::new();
    write_json(&mut out, report).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn an_index_report_is_one_compact_line_with_all_maps_and_distribution_fields() {
    let mut report: IndexReport =
        serde_json::from_str(r#"{"manifest_hash":"sha256:00","packages":null,"success":true}"#)
            .unwrap();
    let distribution = Distribution {
        id: "1".into(),
        did: "alpine".into(),
        ..Distribution::default()
    };
    report.distributions.insert("1".into(), distribution);
    assert_eq!(
        json(&report),
        concat!(
            r#"{"manifest_hash":"sha256:00","state":"","packages":{},"#,
            r#""distributions":{"1":{"id":"1","did":"alpine","name":"","version":"","#,
            r#""version_code_name":"","version_id":"","arch":"","cpe":"","pretty_name":""}},"#,
            r#""repository":{},"environments":{},"success":true,"err":""}"#,
            "\n"
        )
    );
}
