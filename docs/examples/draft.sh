#!/bin/sh
# BORGEN=https://borgen.example ./draft.sh: draft an application, read it back and drop it, with curl alone.
set -eu

# A key of its own for each thing that is to be done once; the same key again gets the same answer.
draft=$(curl --silent --fail-with-body --retry 3 \
  --header 'Content-Type: application/json' --header "Idempotency-Key: draft-$$-$(date +%s)" \
  --data @- "$BORGEN/v1/applications" <<'BODY'
{"company_form": "AB", "organisation_number": "559999-0008", "requested_amount": "250000.00", "term_months": 12,
 "repayment_plan": "straight", "purpose": "inventory", "expected_monthly_revenue": "400000.00", "expected_monthly_costs": "310000.00",
 "monthly_debt_payments": "15000.00", "payout_account": {"bankgiro": "5999-0002"}, "invoice_delivery": "email",
 "contact": {"name": "Anna Exempel", "email": "anna@exempel.example", "phone": "+46701234567"},
 "signatory_personal_number": "197701072394",
 "guarantors": [{"personal_number": "197701072394", "name": "Anna Exempel", "email": "anna@exempel.example",
   "phone": "+46701234567"}],
 "beneficial_owners": [{"personal_number": "197701072394", "share": "1", "politically_exposed": false}],
 "due_diligence": {"purpose_of_credit": "Stock for the season", "source_of_repayment": "Sales",
   "politically_exposed": false, "owners_complete": true, "trades_with_high_risk_countries": false}}
BODY
)
member() { printf '%s' "$draft" | sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }
path="$BORGEN/v1/applications/$(member id)"

curl --silent --fail-with-body --header "Authorization: Bearer $(member access_secret)" "$path"
curl --silent --fail-with-body --header "Authorization: Bearer $(member access_secret)" --request DELETE "$path"
