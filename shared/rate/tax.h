/* Tax and discounts: from lines to an invoice's subtotal, discount, tax and total.
 *
 * 1. A line is its amount less its own discount, rounded to money unless `exact_lines`.
 * 2. Invoice discounts, in order. A percentage is taken off each of its lines, a credit (a negative line)
 *    alike. A fixed amount is at most what is left of its lines, never below zero, and is spread over them in
 *    exact proportion; where nothing is left to pay it takes nothing.
 * 3. Tax of a line at a rate r, of a price P: exclusive P × r, added; inclusive P × r / (1 + r), contained
 *    (several rates are each taken from the same price).
 * 4. It is rounded at one place: each line's taxes, the sum of each tax, or once for the invoice. A tax is told by
 *    its id: two of the same rate (CGST and SGST, 9 % each) are two sums, each rounded.
 * 5. total = subtotal - discount (+ tax if it is exclusive): what an invoice shows adds up. */
#ifndef RATE_TAX_H
#define RATE_TAX_H

#include "base/arena.h"
#include "exact/money.h"

enum tax_rounding { TAX_ROUND_LINE, TAX_ROUND_RATE, TAX_ROUND_TOTAL, TAX_ROUND__MAX };

struct tax {
	int64_t id;
	percent rate; /* >= 0, one for all uses of an id */
};

struct tax_line {
	exact amount;             /* before any discount; a credit is negative */
	percent discount_percent; /* 0 to 100 %, of the amount; then */
	exact discount_amount;    /* >= 0; together at most the amount, of a credit as of a charge */
	const struct tax *taxes;  /* each once */
	unsigned tax_count;
	minor tax; /* out: this line's own, rounded by itself; they need not add up unless TAX_ROUND_LINE */
};

struct discount {
	bool is_percent;
	percent rate;          /* 0 to 100 %, of what is left; or */
	exact amount;          /* >= 0 */
	const unsigned *lines; /* by index, each once; */
	unsigned line_count;   /* 0: all */
};

struct tax_rule {
	bool inclusive;
	bool round_net;          /* inclusive: round the price without tax, tax is the difference */
	bool exact_lines;        /* lines are not rounded first */
	bool percent_first;      /* percentages before fixed amounts, each kind in its order */
	enum tax_rounding place;
	unsigned digits;         /* of the currency */
	enum rounding how;
	const struct tax *taxes; /* of the whole invoice: on every line that has not got them, after its own */
	unsigned tax_count;
};

struct tax_sum {
	struct tax of;
	minor taxable, amount; /* the amounts add up to the invoice's tax: by largest remainder, ties to the first */
};

struct tax_result {
	minor subtotal; /* after the lines' own discounts, before those of the invoice */
	minor discount, tax, total;
	struct tax_sum *taxes; /* each once, in the order of first use; in the arena */
	unsigned tax_count;
};

/** Work out an invoice.
 *  Returns: ST_OK; ST_INVALID for a negative rate or discount, an id with two rates, a percentage above 100 or a line
 *  that is not there; ST_RANGE when an amount does not fit; ST_MEMORY. */
enum st tax_compute(struct tax_result *out, struct arena *arena, const struct tax_rule *rule,
                    struct tax_line *lines, unsigned line_count, const struct discount *discounts,
                    unsigned discount_count) MUST_USE;

#endif
