/*
 * value.h
 *		What both fuzzers ask of a value that was accepted.
 *
 * Each function raises what the code under test raises, and ends the process
 * with a finding where an answer is wrong.
 */
#ifndef CRM_FUZZ_VALUE_H
#define CRM_FUZZ_VALUE_H

#include "timeline/interaction.h"
#include "timeline/pack.h"
#include "timeline/text.h"
#include "timeline/validate.h"

#include "shim.h"

/* The bytes of a timeline without a varlena header. */
typedef struct Value
{
	const void *bytes;
	Size length;
} Value;

extern Value packed_value(struct varlena *packed);
extern void check_same(const char *what, Value wanted, Value got);
extern Builder *new_builder(bool pieces);
extern void fill_words(Builder *builder);
extern void fill_shapes(Builder *builder);
extern StringInfo print_value(Value value);
extern struct varlena *parse_value(const char *text, Size length, ParseError *error);
extern void check_text(Value value);
extern void check_order(const Layout *layout);
extern void check_by_repacking(Value value);

/* A stream of numbers that differs with its start and nothing else. */
static inline uint64
next_random(uint64 *state)
{
	uint64 z = *state += UINT64CONST(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* Below limit, which is not 0. */
static inline uint32
random_below(uint64 *state, uint32 limit)
{
	return (uint32) ((next_random(state) >> 32) * limit >> 32);
}

#endif /* CRM_FUZZ_VALUE_H */
