// "correct horse" as Django stores it, made with Python's hashlib: a cheap hash in an old format, and one in the preferred.
export const password = "correct horse";

export const oldHash = "pbkdf2_sha256$1000$aFixedSaltOf22Letters0$SgYABvbV3D8tUmkqjRlU8U+ij+E3lVrH+O57gt2VcRQ=";
export const preferredHash =
  "scrypt$16384$aFixedSaltOf22Letters0$8$5$Z66taY/EIOirC7FdG49VjyYHdJDpBJ4Lyf4DU3fFSsbDQzedJOqMCClfsUZ7leHvzugp9ymYyyb8WjgwBONNDw==";

/** Their MD5 in upper-case hexadecimal, by Python's hashlib: Simple JWT's get_md5_hash_password(). */
export const oldFingerprint = "63B798273E079C0E5B38E53FC3685B70";
export const preferredFingerprint = "B977AF80D0CEE1DE5B8B77189F4164ED";

/** 4096 times "x", and its hash in the old format. */
export const longestPassword = "x".repeat(4096);
export const longestHash = "pbkdf2_sha256$1000$aFixedSaltOf22Letters0$oFrWJlAoBNp5Ycz0pmWwRGdL64aScMVyfSzHyS/70/Y=";
