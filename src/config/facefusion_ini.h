/* An existing facefusion.ini: where FaceFusion's users keep their defaults.
 *
 * Its form is that of Python's configparser: [section], key = value or key: value, keys in any
 * case, lines that begin with # or ; are comments, an indented line goes on with the value before
 * it. An empty value is the built-in default; lists are separated by white space. Values replace
 * defaults only: what a request or a command line gives wins.
 *
 * Loaded once, then read only: may be shared by threads. */
#ifndef FUS_CONFIG_FACEFUSION_INI_H
#define FUS_CONFIG_FACEFUSION_INI_H

#include "config/param.h"

#define FUS_FACEFUSION_INI "facefusion.ini" /* FaceFusion's own default, in the working folder */

struct fus_facefusion_ini;

/* Reads and checks the whole file: each value must be one that the parameter of that name and
 * section takes, as FaceFusion checks it when it starts. A parameter that this version does not act
 * on is an error unless it belongs to a processor that it does not have either.
 * FUS_E_NOT_FOUND: no such file. FUS_E_INVALID_PARAMETER, with file, line, section and key.
 * FUS_E_OUT_OF_MEMORY. */
int fus_facefusion_ini_load(const char *path, const struct fus_param_schema *schema,
                            struct fus_facefusion_ini **ini, struct fus_error *err) FUS_MUST_CHECK;
/* The same from bytes, any bytes; name stands for the file in messages. */
int fus_facefusion_ini_parse(const char *name, const char *text, size_t size,
                             const struct fus_param_schema *schema, struct fus_facefusion_ini **ini,
                             struct fus_error *err) FUS_MUST_CHECK;
void fus_facefusion_ini_free(struct fus_facefusion_ini *ini);
FUS_CLEANUP_DEFINE(fus_facefusion_ini_free, struct fus_facefusion_ini *)

/* Puts the values in as presets (fus_params_preset). later: the set goes to an engine that acts on
 * everything, so that nothing is left out; call it after fus_params_take_later. ini may be NULL.
 * FUS_E_INVALID_PARAMETER, FUS_E_OUT_OF_MEMORY. */
int fus_facefusion_ini_apply(const struct fus_facefusion_ini *ini, bool later,
                             struct fus_params *params, struct fus_error *err) FUS_MUST_CHECK;
/* A value that is no parameter ("paths", "target_path"), or NULL: not given, or empty. */
const char *fus_facefusion_ini_text(const struct fus_facefusion_ini *ini, const char *section,
                                    const char *key);
/* What is in the file and has no effect here, a sentence each, by index; NULL at the end. */
const char *fus_facefusion_ini_warning(const struct fus_facefusion_ini *ini, size_t index);

#endif
