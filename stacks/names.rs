//! The environment's domain: its hosted zone, which people make and delegate once by hand, and the certificate of the
//! domain and of all names right below it.

use fathuss_model::aws::{AcmCertificate, AcmCertificateValidation, Route53ZoneLookup};
use fathuss_model::{DeclarationExt, Handle, Stack};

use crate::environment::Environment;

/// What others build on.
#[derive(Debug)]
pub struct Names {
    /// The zone.
    pub zone: Handle<Route53ZoneLookup>,
    /// The certificate, issued.
    pub certificate: Handle<AcmCertificateValidation>,
}

/// The zone and the certificate.
pub fn names(stack: &mut Stack, env: &Environment) -> Names {
    env.tag_all(stack, "names");
    let zone = stack.add("main", Route53ZoneLookup::new(env.domain));
    let certificate = stack.add("main", certificate(env));
    // The names below the domain are shown to be ours by the same record.
    stack.add("certificate", certificate.validation_record(zone.zone_id(), 0));
    let certificate = stack.add("main", AcmCertificateValidation::new(&certificate));
    Names { zone, certificate }
}

/// The certificate once more, in a region where a service wants it: the record that is there shows it, too.
pub fn certificate_in(stack: &mut Stack, env: &Environment, region: &'static str) -> Handle<AcmCertificateValidation> {
    let certificate = stack.add(region, certificate(env).region(region));
    stack.add(region, AcmCertificateValidation::new(&certificate).region(region))
}

fn certificate(env: &Environment) -> AcmCertificate {
    AcmCertificate::new(env.domain).subject_alternative_names([format!("*.{}", env.domain)])
}

#[cfg(test)]
mod tests {
    use crate::inspection::{both, literal, node, refers_to};

    #[test]
    fn the_certificate_is_of_the_domain_and_of_what_is_right_below_it() {
        for (graph, domain) in both().into_iter().zip(["staging.fathuss.com", "fathuss.com"]) {
            let certificate = node(&graph, "aws_acm_certificate", "main");
            assert_eq!(literal(certificate, "domain_name"), Some(domain.into()));
            let others = literal(certificate, "subject_alternative_names");
            assert_eq!(others, Some(vec![format!("*.{domain}")].into()));
        }
    }

    #[test]
    fn the_zone_is_looked_up_and_holds_the_record_that_the_certificate_waits_for() {
        for graph in both() {
            let record = node(&graph, "aws_route53_record", "certificate");
            assert_eq!(refers_to(record, "zone_id"), ["aws_route53_zone_lookup.main"]);
            let issued = node(&graph, "aws_acm_certificate_validation", "main");
            assert!(issued.depends_on.contains(&record.address), "{:?}", issued.depends_on);
        }
    }
}
