//! Groups of well-known artifacts that are built without Maven and do not say theirs, or say a
//! wrong one.

/// Names of artifacts and their groups. A name that ends with a star stands for all that begin so;
/// the first that fits counts.
const GROUPS: &[(&str, &str)] = &[
    ("ant", "org.apache.ant"),
    ("ant-*", "org.apache.ant"),
    ("asm", "org.ow2.asm"),
    ("asm-analysis", "org.ow2.asm"),
    ("asm-commons", "org.ow2.asm"),
    ("asm-tree", "org.ow2.asm"),
    ("asm-util", "org.ow2.asm"),
    ("axis", "org.apache.axis"),
    ("bcmail-*", "org.bouncycastle"),
    ("bcpg-*", "org.bouncycastle"),
    ("bcpkix-*", "org.bouncycastle"),
    ("bcprov-*", "org.bouncycastle"),
    ("bctls-*", "org.bouncycastle"),
    ("bcutil-*", "org.bouncycastle"),
    ("c3p0", "com.mchange"),
    ("cglib", "cglib"),
    ("cglib-nodep", "cglib"),
    ("commons-beanutils", "commons-beanutils"),
    ("commons-beanutils2", "org.apache.commons"),
    ("commons-chain", "commons-chain"),
    ("commons-cli", "commons-cli"),
    ("commons-codec", "commons-codec"),
    ("commons-collections", "commons-collections"),
    ("commons-collections4", "org.apache.commons"),
    ("commons-compress", "org.apache.commons"),
    ("commons-configuration", "commons-configuration"),
    ("commons-configuration2", "org.apache.commons"),
    ("commons-dbcp", "commons-dbcp"),
    ("commons-dbcp2", "org.apache.commons"),
    ("commons-digester", "commons-digester"),
    ("commons-discovery", "commons-discovery"),
    ("commons-email", "org.apache.commons"),
    ("commons-fileupload", "commons-fileupload"),
    ("commons-fileupload2-*", "org.apache.commons"),
    ("commons-httpclient", "commons-httpclient"),
    ("commons-io", "commons-io"),
    ("commons-jelly", "commons-jelly"),
    ("commons-jexl", "commons-jexl"),
    ("commons-jexl3", "org.apache.commons"),
    ("commons-jxpath", "commons-jxpath"),
    ("commons-lang", "commons-lang"),
    ("commons-lang3", "org.apache.commons"),
    ("commons-logging", "commons-logging"),
    ("commons-math", "commons-math"),
    ("commons-math3", "org.apache.commons"),
    ("commons-net", "commons-net"),
    ("commons-pool", "commons-pool"),
    ("commons-pool2", "org.apache.commons"),
    ("commons-text", "org.apache.commons"),
    ("commons-validator", "commons-validator"),
    ("dom4j", "dom4j"),
    ("ecj", "org.eclipse.jdt"),
    ("elasticsearch", "org.elasticsearch"),
    ("groovy-all", "org.codehaus.groovy"),
    ("grpc-*", "io.grpc"),
    ("failureaccess", "com.google.guava"),
    ("gson", "com.google.code.gson"),
    ("h2", "com.h2database"),
    ("hamcrest", "org.hamcrest"),
    ("hamcrest-*", "org.hamcrest"),
    ("hibernate-core", "org.hibernate"),
    ("hibernate-entitymanager", "org.hibernate"),
    ("hsqldb", "org.hsqldb"),
    ("ivy", "org.apache.ivy"),
    ("jackson-annotations", "com.fasterxml.jackson.core"),
    ("jackson-core", "com.fasterxml.jackson.core"),
    ("jackson-core-asl", "org.codehaus.jackson"),
    ("jackson-databind", "com.fasterxml.jackson.core"),
    ("jackson-dataformat-*", "com.fasterxml.jackson.dataformat"),
    ("jackson-mapper-asl", "org.codehaus.jackson"),
    ("jna", "net.java.dev.jna"),
    ("jna-platform", "net.java.dev.jna"),
    ("jsch", "com.jcraft"),
    ("json-simple", "com.googlecode.json-simple"),
    ("junit", "junit"),
    ("junit-jupiter", "org.junit.jupiter"),
    ("junit-jupiter-*", "org.junit.jupiter"),
    ("junit-platform-*", "org.junit.platform"),
    ("kafka-clients", "org.apache.kafka"),
    ("kafka-streams", "org.apache.kafka"),
    ("kafka_2.*", "org.apache.kafka"),
    ("kotlin-reflect", "org.jetbrains.kotlin"),
    ("kotlin-stdlib", "org.jetbrains.kotlin"),
    ("kotlin-stdlib-*", "org.jetbrains.kotlin"),
    ("log4j", "log4j"),
    ("log4j-1.2-api", "org.apache.logging.log4j"),
    ("log4j-api", "org.apache.logging.log4j"),
    ("log4j-core", "org.apache.logging.log4j"),
    ("log4j-jcl", "org.apache.logging.log4j"),
    ("log4j-jul", "org.apache.logging.log4j"),
    ("log4j-slf4j-impl", "org.apache.logging.log4j"),
    ("log4j-slf4j2-impl", "org.apache.logging.log4j"),
    ("log4j-web", "org.apache.logging.log4j"),
    ("lucene-*", "org.apache.lucene"),
    ("lz4-java", "org.lz4"),
    ("mail", "javax.mail"),
    ("mysql-connector-j", "com.mysql"),
    ("mysql-connector-java", "mysql"),
    ("okhttp", "com.squareup.okhttp3"),
    ("okio", "com.squareup.okio"),
    ("okio-jvm", "com.squareup.okio"),
    ("opensearch", "org.opensearch"),
    ("oro", "oro"),
    ("postgresql", "org.postgresql"),
    ("protobuf-java", "com.google.protobuf"),
    ("protobuf-java-util", "com.google.protobuf"),
    ("scala-compiler", "org.scala-lang"),
    ("scala-library", "org.scala-lang"),
    ("scala-reflect", "org.scala-lang"),
    ("servlet-api", "javax.servlet"),
    ("slf4j-*", "org.slf4j"),
    ("snakeyaml", "org.yaml"),
    ("spring-amqp", "org.springframework.amqp"),
    ("spring-aop", "org.springframework"),
    ("spring-aspects", "org.springframework"),
    ("spring-batch-*", "org.springframework.batch"),
    ("spring-beans", "org.springframework"),
    ("spring-boot", "org.springframework.boot"),
    ("spring-boot-*", "org.springframework.boot"),
    ("spring-context", "org.springframework"),
    ("spring-context-support", "org.springframework"),
    ("spring-core", "org.springframework"),
    ("spring-expression", "org.springframework"),
    ("spring-instrument", "org.springframework"),
    ("spring-integration-*", "org.springframework.integration"),
    ("spring-jcl", "org.springframework"),
    ("spring-jdbc", "org.springframework"),
    ("spring-jms", "org.springframework"),
    ("spring-kafka", "org.springframework.kafka"),
    ("spring-messaging", "org.springframework"),
    ("spring-orm", "org.springframework"),
    ("spring-oxm", "org.springframework"),
    ("spring-rabbit", "org.springframework.amqp"),
    ("spring-security-*", "org.springframework.security"),
    ("spring-session-*", "org.springframework.session"),
    ("spring-test", "org.springframework"),
    ("spring-tx", "org.springframework"),
    ("spring-web", "org.springframework"),
    ("spring-webflux", "org.springframework"),
    ("spring-webmvc", "org.springframework"),
    ("spring-websocket", "org.springframework"),
    ("tomcat-embed-*", "org.apache.tomcat.embed"),
    ("tomcat-*", "org.apache.tomcat"),
    ("velocity", "org.apache.velocity"),
    ("xalan", "xalan"),
    ("xercesImpl", "xerces"),
    ("xml-apis", "xml-apis"),
    ("zookeeper", "org.apache.zookeeper"),
];

/// Files of programs that leave the version out of the name: file, artifact, group.
const UNVERSIONED: &[(&str, &str, &str)] = &[
    ("catalina", "tomcat-catalina", "org.apache.tomcat"),
    ("catalina-ha", "tomcat-catalina-ha", "org.apache.tomcat"),
    ("catalina-tribes", "tomcat-tribes", "org.apache.tomcat"),
    ("jasper", "tomcat-jasper", "org.apache.tomcat"),
    ("jasper-el", "tomcat-jasper-el", "org.apache.tomcat"),
];

/// Returns the group of a well-known artifact.
pub(super) fn of(artifact: &str) -> Option<&'static str> {
    let fits = |known: &str| match known.strip_suffix('*') {
        Some(start) => artifact.starts_with(start),
        None => artifact == known,
    };
    let mut groups = GROUPS.iter();
    groups
        .find(|(known, _)| fits(known))
        .map(|(_, group)| *group)
}

/// Returns artifact and group of a well-known file whose name has no version.
pub(super) fn of_unversioned(stem: &str) -> Option<(&'static str, &'static str)> {
    let mut files = UNVERSIONED.iter();
    let (_, artifact, group) = files.find(|(known, ..)| *known == stem)?;
    Some((artifact, group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_name_or_a_beginning_finds_the_group() {
        assert_eq!(of("spring-web"), Some("org.springframework"));
        assert_eq!(
            of("spring-security-web"),
            Some("org.springframework.security")
        );
        assert_eq!(of("tomcat-embed-core"), Some("org.apache.tomcat.embed"));
        assert_eq!(of("spring-unheard-of"), None);
    }
}
