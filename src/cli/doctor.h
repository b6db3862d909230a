/* fusiond doctor: findings, each with how to mend it. */
#ifndef FUS_CLI_DOCTOR_H
#define FUS_CLI_DOCTOR_H

#include <stdbool.h>

#include "base/macros.h"
#include "config/config.h"

struct fus_doctor {
    const struct fus_config *config;
    int broken, weak;
};

void fus_doctor_ok(struct fus_doctor *doctor, const char *subject, const char *format, ...)
    FUS_PRINTF(3, 4);
/* It works, with less. */
void fus_doctor_weak(struct fus_doctor *doctor, const char *subject, const char *mend,
                     const char *format, ...) FUS_PRINTF(4, 5);
/* It doesn't work until this is mended. */
void fus_doctor_broken(struct fus_doctor *doctor, const char *subject, const char *mend,
                       const char *format, ...) FUS_PRINTF(4, 5);

/* doctor_checks.c */
void fus_doctor_check_inference(struct fus_doctor *doctor);
void fus_doctor_check_media(struct fus_doctor *doctor);
void fus_doctor_check_storage(struct fus_doctor *doctor);
void fus_doctor_check_network(struct fus_doctor *doctor);
void fus_doctor_check_kernel(struct fus_doctor *doctor);

#endif
