// Keys that must be refused: too short, of another pair or curve, encrypted. Made for the tests with Python's cryptography.
// They guard nothing.

/** RSA, 1024 bits. */
export const weakRsaPkcs8 = `-----BEGIN PRIVATE KEY-----
MIICeQIBADANBgkqhkiG9w0BAQEFAASCAmMwggJfAgEAAoGBAM6jXIg2AUin2X/X
B4+G2dYd7PnxloabddayW3PWXoMvrHwhqBpsKy8eoI6t+6V1jdayTbOeGI32dGdz
AWnIX0a1VlHbeeOQhXSFQHnEFSVuw8Fm6vNBeBgnR2UNcoAexbkkF7eoctF0aOQv
rC83xihqj7NULWUAtg/Cm7vJTBrLAgMBAAECgYEAjk3ocpGmjq+xVJ30Qf6fVBql
0Xdzr12uaF3KJ1sRGY0iXxYam5+0ma2g6sGclNUBCkMeybztsg5xGbEU3xGzslQ2
XAqJFLfjyAADKqRpyFz/U6lzEO3MQmoRll3Of6+IE2LX/pK/mTDyxJGV9x9dpnjC
Vw6m1mIQnprXqbqiaUECQQDvHndqLz55Pi8facgDp0T/bi9PL6doIAdYBMc41sHg
pWHdBBeoFrGsDYRdZPyTgp52r/uOxipO6jxTFFuB+UahAkEA3TngdhV2K9kucxZ5
QnuiA7DAg79YEr06D6T9y4FgVbZefMRPL7oPgCPBlYm43uALiSGZwouKwdHnE1ry
4mMl6wJBAMb1cKLXgIHdLdRTbessSIrIIXEf04kd7T5da25tso+6y/zcJNrlVxwz
ewlCt639JuDWeNdJJ3bWCy+NZr50rUECQQCDerBiveKbsNogYEz1LFFf7B6erowD
px7oyWBlIKFGj7qcYHfHn8cymw2keFO9cl6ow6WEsDZpdvzkzfrofZC9AkEA3BN/
fX7N/SdQhgz6G1u/Lq7m2LhZSPV8JsBre9COaX4iYqZa25QRaa4bZlU2TMT1noPB
5BvIz0J9ovm/wr7Zsw==
-----END PRIVATE KEY-----
`;

/** Its public half. */
export const weakRsaSpki = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDOo1yINgFIp9l/1wePhtnWHez5
8ZaGm3XWsltz1l6DL6x8IagabCsvHqCOrfuldY3Wsk2znhiN9nRncwFpyF9GtVZR
23njkIV0hUB5xBUlbsPBZurzQXgYJ0dlDXKAHsW5JBe3qHLRdGjkL6wvN8Yoao+z
VC1lALYPwpu7yUwaywIDAQAB
-----END PUBLIC KEY-----
`;

/** P-256, of a pair that is not the RFC's. */
export const p256OtherSpki = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdBuSUyaDZA+o7Atd6NjLLKCS8BhF
tf5iu7kRoOHC2vL0jDpPe7ZxKOqPsnbbapTq0BDkSpRgRLJzokkyYcYBVg==
-----END PUBLIC KEY-----
`;

/** P-384. */
export const p384Pkcs8 = `-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCXxl/dNvMWlqA5ZZ/g
UAay5xdVbrr6QtmGXY+qhkbdnBCqAI6A4mfe2kq8mYFCJ5OhZANiAAT+YCEMQEmk
qY5H0K4aT50IaIb1PXLBfBmB0RHbh/NetL9Co1ZGM07c9nSVPJIcqe/s5t7i9Ub1
5Uz/t4aowLONJbg2ItwmtUd89d//tCFDs8iBgNHr+dEwvKMSL0yk5+0=
-----END PRIVATE KEY-----
`;

/** Ed25519, encrypted with a password. */
export const edEncrypted = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBDSlWF6VdVzZh+Z33sy
1W6JAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQzzKk3Y5gVj22y3Gt
Z4CHsQRAhj6NxetAaTwb7cQuxC5SL7z5CUaeqzpz/BaxKqq6ufi0SOWrZ0pBPV37
/dgbjfY134nZuOF9sOB8Q9OxpSfSIQ==
-----END ENCRYPTED PRIVATE KEY-----
`;
