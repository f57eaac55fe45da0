#![no_main]
//! Arbitrary bytes as a snapshot: opened, verified, gone through and looked up.

use limpid_vulndb::Snapshot;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(snapshot) = Snapshot::from_bytes(data.to_vec()) else {
        return;
    };
    let verified = snapshot.verify().is_ok();
    for record in &snapshot {
        let Ok(record) = record else {
            assert!(!verified, "a verified snapshot has only good records");
            break;
        };
        let found = snapshot.candidates(record.namespace, record.package);
        let found = found.and_then(|records| records.collect::<Result<Vec<_>, _>>());
        let details = snapshot.details(&record.details);
        if verified {
            assert!(found.is_ok_and(|records| records.contains(&record)));
            assert!(details.is_ok());
        }
    }
    for table in ["", "frozen"] {
        for note in snapshot.notes(table) {
            let Ok((key, value)) = note else {
                assert!(!verified, "a verified snapshot has only good notes");
                break;
            };
            let found = snapshot.note(table, &key);
            assert!(!verified || found.is_ok_and(|found| found == Some(value)));
        }
    }
});
