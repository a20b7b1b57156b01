"""What each post changes and reads, duty by duty. A line is `noun verb verb …`; `@` narrows it to some places."""

from __future__ import annotations

CHANGES: dict[str, dict[str, str]] = {
    "sales_agent": {
        "policy": "application open change disclose acknowledge answer submit withdraw request_missing; refund quote; "
        "policy reveal; note write; attachment add",
        "crm": "customer register change add_contact consent reveal; note write; attachment add",
    },
    "account_manager": {
        "policy": "application open change disclose acknowledge answer submit withdraw request_missing; refund quote; "
        "policy reveal; finding correct; note write; attachment add; job cancel",
        "crm": "customer register change add_contact consent reveal; key_account nominate visit review; "
        "service_grant grant confirm; letter issue serve; note write; attachment add; job cancel",
        "risk": "site register change reveal; contact_log record; note write",
    },
    "service_agent": {
        "policy": "application open change disclose acknowledge answer submit withdraw request_missing; refund quote; "
        "policy reveal; finding correct; letter issue serve; note write; attachment add",
        "claims": "intake report; claim link match reveal; survey dispatch; documents collect; consent record; "
        "agreement record; notice serve; explanation record; reopening request; letter issue serve; note write; "
        "attachment add",
        "complaints": "complaint register check_identity add_facts withdraw; review request; mis_selling open; "
        "note write; attachment add",
        "crm": "customer register change add_contact consent check_data reveal; "
        "customer@upper merge copy freeze erase; message report; "
        "enquiry register answer promise pause transfer convert; return_visit plan attempt complete; "
        "article@upper publish; quick_answer@upper publish; questionnaire@upper draft; survey@upper draft; survey act; "
        "call_record@upper import; service_grant grant confirm; opinion answer; finding follow_up; "
        "letter issue serve; note write; attachment add; job cancel",
    },
    "underwriter": {
        "policy": "application request_missing request_survey opine decide; policy issue endorse cancel; "
        "renewal decide; safety_demand decide; finding correct; rescission@upper declare; refund quote; "
        "reconciliation resolve; policy reveal; letter issue serve; note write; attachment add; job cancel",
        "crm": "customer reveal; finding follow_up",
    },
    "document_custodian": {
        "policy": "controlled_document register move void count; delivery send confirm return; "
        "archive_volume bind seal lend return; archive_volume@branch destroy; policy reveal; letter issue serve; "
        "finding correct; note write; attachment add; job cancel",
    },
    "cashier": {
        "policy": "payment_order confirm fail resubmit; refund quote; policy reveal; payer_account unmask; note write; "
        "attachment add",
        "claims": "payment accept confirm fail resubmit reveal; payee_account unmask; attachment add",
    },
    "surveyor": {
        "policy": "attachment add",
        "claims": "survey report; documents collect; consent record; claim reveal; medical unmask; note write; "
        "attachment add",
        "risk": "inspection schedule record report feedback sign; hazard rate evidence; rectification confirm; "
        "site reveal; note write; attachment add",
    },
    "adjuster": {
        "claims": "claim link match cancel reveal; deadline extend; reserve register change; survey dispatch; "
        "documents collect request; consent record; adjustment assess calculate; agreement record; "
        "notice serve; explanation record; payment order; advance request; ex_gratia request; recovery open; "
        "litigation open; reopening request; closure close; medical unmask; letter issue serve; "
        "note write; attachment add; job cancel",
    },
    "claims_approver": {
        "claims": "approval decide; advance decide; ex_gratia decide; recovery decide; litigation decide; "
        "reopening decide; accident@upper separate; quality_check@managing record; explanation record; claim reveal; "
        "payment reveal; medical unmask; payee_account unmask; note write; attachment add; job cancel",
    },
    "archivist": {
        "policy": "archive_volume lend return; archive_volume@branch destroy",
        "claims": "file bind lend return supplement; destruction request; destruction@branch decide; claim reveal; "
        "note write; attachment add",
    },
    "risk_engineer": {
        "policy": "attachment add",
        "risk": "site register change reveal; inspection_plan confirm; "
        "inspection open schedule record report feedback sign; hazard rate evidence close; "
        "rectification issue confirm; assessment draft sign; key_risk_file close review; contact_log record; "
        "letter issue serve; note write; attachment add; job cancel",
    },
    "complaint_officer": {
        "policy": "policy reveal",
        "claims": "claim reveal; note write",
        "complaints": "complaint register check_identity assign investigate pause extend merge withdraw add_facts "
        "decide notify reveal; compensation propose decide; review request decide; root_cause record; "
        "mis_selling open assign find act close; letter issue serve; note write; attachment add; job cancel",
        "crm": "customer reveal; finding follow_up; note write",
    },
    "department_head": {
        "organisation": "work_item reassign; directive issue; team open change; job cancel; export@upper approve",
        "policy": "custodian appoint; reconciliation resolve; export approve; note write; job cancel",
        "claims": "destruction decide; approval@branch decide; litigation@branch decide; reopening@branch decide; "
        "survey dispatch; "
        "duty_roster plan; quality_check@managing record; claim reveal; export approve; note write; job cancel",
        "risk": "inspection_plan confirm; inspection open schedule; hazard extend; key_risk_file close review; "
        "export approve; note write; job cancel",
        "complaints": "complaint@upper assign extend; root_cause@upper record; mis_selling@upper assign; "
        "office@upper fill; "
        "export@upper approve; note write; job cancel",
        "crm": "customer assign merge; customer@upper copy freeze erase; desk staff; return_visit plan; "
        "key_account@upper approve; "
        "key_account visit review; survey@upper plan draft approve; survey act; questionnaire@upper approve; "
        "opinion answer; demand@upper review; finding follow_up; export approve; note write; job cancel",
    },
    "rules_manager": {
        "organisation": "rule_set publish; authority propose publish",
        "policy": "product publish",
        "risk": "checklist publish",
        "crm": "article publish; quick_answer publish; questionnaire draft approve; service_item define; demand review",
    },
    "security_admin": {
        "organisation": "person register unlock; machine_key register retire; appointment grant end; "
        "unit open change move merge close; "
        "team open change; delegation grant revoke; export approve; job cancel",
    },
    "system_admin": {"organisation": "webhook register change remove redeliver"},
    "core_system": {
        "organisation": "webhook register change remove redeliver",
        "policy": "core upsert import reconcile acknowledge; payment_order confirm fail; payer_account unmask; "
        "job cancel",
        "claims": "payment accept confirm fail; payee_account unmask",
        "crm": "core upsert",
    },
    "auditor": {},
}

# Who reads it, beside the auditor and the department head, who read everything of the business.
READS: dict[str, str] = {
    "policy.application": "sales_agent service_agent underwriter document_custodian cashier surveyor risk_engineer "
    "complaint_officer account_manager",
    "policy.attachment": "sales_agent service_agent underwriter document_custodian cashier surveyor risk_engineer "
    "complaint_officer account_manager",
    "policy.archive_volume": "document_custodian archivist",
    "policy.controlled_document": "document_custodian",
    "policy.delivery": "sales_agent service_agent underwriter document_custodian account_manager",
    "policy.job": "sales_agent service_agent underwriter document_custodian cashier account_manager core_system",
    "policy.payment_order": "sales_agent service_agent underwriter cashier account_manager core_system",
    "policy.policy": "sales_agent service_agent underwriter document_custodian cashier surveyor adjuster "
    "claims_approver risk_engineer complaint_officer account_manager",
    "policy.product": "* rules_manager",
    "policy.renewal": "sales_agent service_agent underwriter risk_engineer account_manager",
    "policy.safety_demand": "underwriter risk_engineer account_manager",
    "policy.reconciliation": "underwriter cashier core_system",
    "policy.statistics": "underwriter account_manager",
    "claims.attachment": "service_agent surveyor adjuster claims_approver archivist complaint_officer cashier",
    "claims.claim": "service_agent surveyor adjuster claims_approver archivist complaint_officer",
    "claims.duty_roster": "service_agent surveyor adjuster claims_approver",
    "claims.job": "service_agent surveyor adjuster claims_approver",
    "claims.payment": "cashier adjuster claims_approver core_system",
    "claims.quality_check": "claims_approver",
    "claims.retention": "archivist",
    "claims.statistics": "adjuster claims_approver",
    "risk.accumulation": "underwriter risk_engineer",
    "risk.assessment": "sales_agent underwriter surveyor risk_engineer account_manager",
    "risk.attachment": "underwriter surveyor risk_engineer account_manager",
    "risk.checklist": "surveyor risk_engineer rules_manager",
    "risk.contact_log": "risk_engineer account_manager",
    "risk.hazard": "underwriter surveyor claims_approver risk_engineer account_manager",
    "risk.inspection": "underwriter surveyor risk_engineer account_manager",
    "risk.job": "surveyor risk_engineer",
    "risk.key_risk_file": "underwriter risk_engineer account_manager",
    "risk.rectification": "underwriter surveyor risk_engineer account_manager",
    "risk.site": "sales_agent service_agent underwriter surveyor risk_engineer account_manager",
    "risk.statistics": "underwriter risk_engineer",
    "complaints.attachment": "service_agent complaint_officer",
    "complaints.complaint": "service_agent complaint_officer",
    "complaints.job": "complaint_officer",
    "complaints.mis_selling": "complaint_officer",
    "complaints.office": "complaint_officer",
    "complaints.officer": "complaint_officer",
    "complaints.statistics": "complaint_officer",
    "crm.article": "sales_agent service_agent risk_engineer complaint_officer account_manager rules_manager",
    "crm.attachment": "sales_agent service_agent account_manager",
    "crm.customer": "sales_agent service_agent underwriter document_custodian risk_engineer complaint_officer "
    "account_manager",
    "crm.demand": "service_agent account_manager rules_manager",
    "crm.desk": "*",
    "crm.enquiry": "sales_agent service_agent complaint_officer account_manager",
    "crm.finding": "service_agent underwriter complaint_officer",
    "crm.job": "service_agent account_manager core_system",
    "crm.key_account": "service_agent risk_engineer account_manager",
    "crm.kpi": "complaint_officer",
    "crm.message": "service_agent adjuster complaint_officer account_manager",
    "crm.opinion": "service_agent complaint_officer account_manager rules_manager",
    "crm.questionnaire": "service_agent rules_manager",
    "crm.return_visit": "service_agent complaint_officer",
    "crm.service_grant": "sales_agent service_agent account_manager",
    "crm.service_item": "sales_agent service_agent account_manager rules_manager",
    "crm.survey": "service_agent account_manager",
    "organisation.directive": "*",
    "organisation.directory": "* rules_manager",
    "organisation.event": "* core_system",
    "organisation.work_item": "*",
    "organisation.team": "* security_admin",
    "organisation.delegation": "* security_admin",
    "organisation.job": "security_admin",
    "organisation.person": "security_admin",
    "organisation.authority": "* rules_manager security_admin",
    "organisation.rule_set": "* rules_manager security_admin",
}

# What there is at the branch and at head office alone: a head below has nothing of it to read.
ABOVE = frozenset({"complaints.office"})

# Who takes records out in bulk, beside the auditor and the department head.
EXPORTS: dict[str, str] = {
    "organisation": "security_admin",
    "policy": "underwriter document_custodian account_manager",
    "claims": "adjuster claims_approver",
    "risk": "risk_engineer",
    "complaints": "complaint_officer",
    "crm": "service_agent@upper account_manager",
}
